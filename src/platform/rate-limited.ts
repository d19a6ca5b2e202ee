/** Thrown where somebody has tried too often; nothing was looked at, and nothing is lost. */
export class RateLimited extends Error {
  override readonly name = 'RateLimited';
  constructor(
    /** Whole seconds after which another try may be let through. */
    readonly retryAfterSeconds: number,
  ) {
    super('Too many tries');
  }
}
