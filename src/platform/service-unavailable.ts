/** Thrown where the gateway can't answer just now, through no fault of the caller's; its text bears no secret. */
export class ServiceUnavailable extends Error {
  override readonly name = 'ServiceUnavailable';
  constructor(
    /** A stable code for logs, such as `HASH_QUEUE_FULL`. */
    override readonly cause: string,
    /** Whole seconds after which another try makes sense. */
    readonly retryAfterSeconds: number,
    /** What failed underneath, for logs; null where nothing did. */
    readonly failure: Error | null = null,
  ) {
    super(`Unavailable: ${cause}`);
  }
}
