/** Why the client could not do what it was asked. */
export class AuthClientError extends Error {
  override readonly name = 'AuthClientError';
  constructor(
    message: string,
    /** As the gateway's error had them. */
    readonly extensions: {
      readonly code: string;
      readonly reason?: string;
      readonly retryAfter?: number;
      readonly maxAgeSeconds?: number;
    },
  ) {
    super(message);
  }
  /**
   * The gateway's code; or `UNREACHABLE`: no answer came, or none of the gateway's. `UNREACHABLE`,
   * `SERVICE_UNAVAILABLE` and `RATE_LIMITED` pass, and the session lives on.
   */
  get code(): string {
    return this.extensions.code;
  }
}
