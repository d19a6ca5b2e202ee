import { AuthClientError } from './auth-client-error.js';
import type { Platform } from './types.js';

const TRIES = 4;
const FIRST_WAIT_MS = 500;
/** Whoever waits for a token should not wait longer for us than this. */
const LONGEST_WAIT_MS = 10_000;

const PASSING = new Set(['UNREACHABLE', 'SERVICE_UNAVAILABLE', 'RATE_LIMITED']);

/** Whether a fault passes by itself, the session none the worse for it. */
export function isPassing(error: unknown): error is AuthClientError {
  return error instanceof AuthClientError && PASSING.has(error.code);
}

/** Does `work`; where a fault passes, again: after what the gateway asks for, or longer and longer, with jitter. */
export async function retrying<Result>(platform: Platform, work: () => Promise<Result>): Promise<Result> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      const askedMs = (error.extensions.retryAfter ?? 0) * 1000;
      if (tried === TRIES || askedMs > LONGEST_WAIT_MS) throw error;
      // Twice the least at most: many clients that failed at one moment do not come back at one moment.
      await platform.delay(Math.max(askedMs, FIRST_WAIT_MS * 2 ** (tried - 1)) * (1 + platform.random()));
    }
  }
}
