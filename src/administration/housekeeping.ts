import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../platform/clock.js';
import type { Database } from '../platform/database/database.js';
import type { Logger } from '../platform/logger.js';
import type { Random } from '../platform/random.js';
import { createHousekeepingRepository, type HousekeepingRepository } from './housekeeping.repository.js';

/** Deletes what is over, now and then. */
export interface Housekeeping {
  start(): void;
  /** Waits for the batch that runs, and begins no other. */
  stop(): Promise<void>;
}

const ROWS_MAX = 1_000;
/** Between batches: deleting never takes more than a share of the database. */
const PAUSE_MS = 50;

/**
 * Rounds over all tables every `housekeepingSeconds`, with jitter; 0: none. One process at a time deletes; whoever finds another at
 * it leaves it the round. A failure is logged, and what it left is deleted in the next round.
 */
export function createHousekeeping(needs: {
  database: Database;
  auditRetentionDays: number;
  housekeepingSeconds: number;
  clock: Clock;
  random: Random;
  log: Logger;
}): Housekeeping {
  const { housekeepingSeconds: everySeconds, clock, log } = needs;
  const repository = createHousekeepingRepository(needs);
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const run = async () => {
    while (!stopping.signal.aborted) {
      await pause(everySeconds * 1000 * (0.5 + needs.random.fraction()), stopping.signal);
      await round({ repository, clock, log }, stopping.signal).catch((error: unknown) => {
        log.warn({ event: 'housekeeping_failed', cause: error instanceof Error ? error.message : null });
      });
    }
  };
  return {
    start: () => {
      if (everySeconds > 0) running = run();
    },
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

async function round(
  { repository, clock, log }: { repository: HousekeepingRepository; clock: Clock; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  for (const table of repository.tables) {
    let deleted = 0;
    for (let rows = ROWS_MAX; rows === ROWS_MAX && !signal.aborted; ) {
      const batch = await repository.deleteBatch({ table, rowsMax: ROWS_MAX, now: clock.now() });
      if (batch.kind === 'busy') return;
      rows = batch.rows;
      deleted += rows;
      if (rows === ROWS_MAX) await pause(PAUSE_MS, signal);
    }
    if (deleted > 0) log.info({ event: 'housekeeping', table, deleted });
  }
}

/** Waits, but not past a stop, and keeps no process alive. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
