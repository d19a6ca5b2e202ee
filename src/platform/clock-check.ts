import sql from 'sql-template-tag';
import type { Clock } from './clock.js';
import type { Database } from './database/database.js';
import type { Logger } from './logger.js';

/** Compares this machine's clock with the database's, at start and then once a minute. */
export interface ClockCheck {
  start(): Promise<void>;
  stop(): void;
  /** Whether the two differ by more than the verification leeway: tokens would be refused, or live on. */
  isOff(): boolean;
  /** By how much this machine's is ahead; null: not measured yet. */
  differenceSeconds(): number | null;
}

const CHECK_EVERY_MS = 60_000;
const WARN_ABOVE_SECONDS = 1;

/** A check that has not begun; a database that does not answer leaves the last finding as it was. */
export function createClockCheck(needs: {
  database: Database;
  clock: Clock;
  leewaySeconds: number;
  log: Logger;
}): ClockCheck {
  const { database, clock, leewaySeconds, log } = needs;
  let differenceSeconds = 0;
  let isMeasured = false;
  let timer: NodeJS.Timeout | null = null;
  const check = async () => {
    try {
      const measured = await measure({ database, clock });
      if (measured === null) return;
      differenceSeconds = measured;
      isMeasured = true;
      if (Math.abs(differenceSeconds) <= WARN_ABOVE_SECONDS) return;
      log.warn({ event: 'clock_differs', differenceSeconds }, "this machine's clock differs from the database's");
    } catch (error) {
      log.debug({ event: 'clock_check_failed', cause: error instanceof Error ? error.message : null });
    }
  };
  return {
    start: async () => {
      timer = setInterval(() => void check(), CHECK_EVERY_MS);
      timer.unref();
      await check();
    },
    stop: () => {
      if (timer !== null) clearInterval(timer);
    },
    differenceSeconds: () => (isMeasured ? differenceSeconds : null),
    isOff: () => Math.abs(differenceSeconds) > leewaySeconds,
  };
}

const ROUND_TRIP_MS_MAX = 1_000;

/** Seconds by which this clock is ahead, the way there and back halved; null: that took too long to tell. */
async function measure({ database, clock }: { database: Database; clock: Clock }): Promise<number | null> {
  const before = clock.now().getTime();
  const beganMs = clock.monotonicMs();
  const [row] = await database.query<{ now: Date }>(sql`SELECT clock_timestamp() AS now`);
  const tookMs = clock.monotonicMs() - beganMs;
  // Waiting for a connection, or trying again, would pass for a difference.
  if (row === undefined || tookMs > ROUND_TRIP_MS_MAX) return null;
  return (before + tookMs / 2 - row.now.getTime()) / 1000;
}
