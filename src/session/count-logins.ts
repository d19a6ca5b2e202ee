import type { Metrics } from '../platform/metrics/metrics.js';
import { RateLimited } from '../platform/rate-limited.js';
import { ServiceUnavailable } from '../platform/service-unavailable.js';
import type { Login } from './login.js';

/** The same login, its results counted. */
export function countLogins(login: Login, metrics: Pick<Metrics, 'login'>): Login {
  return async (input) => {
    try {
      const outcome = await login(input);
      metrics.login(outcome.kind === 'logged_in' ? 'succeeded' : outcome.kind);
      return outcome;
    } catch (error) {
      metrics.login(resultOf(error));
      throw error;
    }
  };
}

function resultOf(error: unknown): string {
  if (error instanceof RateLimited) return 'rate_limited';
  return error instanceof ServiceUnavailable ? 'unavailable' : 'failed';
}
