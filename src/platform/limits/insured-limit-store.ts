import type { Clock } from '../clock.js';
import type { Logger } from '../logger.js';
import type { LimitStore } from './limit-store.js';

/** After a failure, so long nobody waits for the store to fail once more. */
const AWAY_FOR_MS = 2_000;

/**
 * Counts in `insurance` while `store` fails: never not at all. Each process then counts for itself, so that of several
 * together as many times the points may be taken.
 */
export function createInsuredLimitStore(needs: {
  store: LimitStore;
  insurance: LimitStore;
  clock: Clock;
  log: Logger;
}): LimitStore {
  const { store, insurance, clock, log } = needs;
  let awayUntilMs = Number.NEGATIVE_INFINITY;
  return {
    take: async (taking) => {
      if (clock.monotonicMs() < awayUntilMs) return insurance.take(taking);
      try {
        return await store.take(taking);
      } catch (error) {
        awayUntilMs = clock.monotonicMs() + AWAY_FOR_MS;
        log.warn({ event: 'limit_store_away', cause: error instanceof Error ? error.message : null });
        return insurance.take(taking);
      }
    },
  };
}
