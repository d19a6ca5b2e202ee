import process from 'node:process';
import { type Config, readConfig } from '../config.js';
import { type OpenDatabase, openDatabase } from '../open-database.js';
import { systemClock } from '../platform/clock.js';
import type { LogSink } from '../platform/log-sink.js';
import { createLogger, type Logger } from '../platform/logger.js';
import { systemRandom } from '../platform/random.js';
import { type Ending, endInOrder } from './end-in-order.js';

/** Whatever hangs, a process that was told to end is gone by then; those who wait for it usually kill after 30 s. */
const END_WITHIN_MS = 28_000;
/** Whoever reads the log may have stopped reading. */
const LOG_WITHIN_MS = 1_000;
/** Who waits for other processes lets them be the first to give up. */
const WAIT_FOR_OTHERS_MS = 1_000;

/** What a command works with. */
export interface Opened {
  config: Config;
  log: Logger;
  /** Where the log goes, if lines of it may be dropped. */
  sink?: LogSink | undefined;
  database: OpenDatabase;
  ending: Ending;
}

/** Opens the database for work that goes on; lets go of it where the work fails, and when the process is told to end. */
export async function servingOn(
  needs: { config: Config; log: Logger; sink?: LogSink },
  work: (open: Opened) => Promise<void>,
) {
  const { config, log, sink } = needs;
  const opening = openDatabase({ ...needs, random: systemRandom(systemClock) });
  const stop = async () => (await opening.catch(() => null))?.stop();
  const waitMs = config.workers > 1 ? WAIT_FOR_OTHERS_MS : 0;
  const ending = endInOrder({
    log,
    endLog: async () => sink?.end(LOG_WITHIN_MS),
    stop,
    limitMs: END_WITHIN_MS + config.httpLimits.closeNoticeMs + waitMs,
  });
  try {
    await work({ config, log, sink, database: await opening, ending });
  } catch (error) {
    // Told to end while it still started: what fails because the database went away is no fault.
    if (ending.hasBegun()) return;
    await stop();
    throw error;
  }
}

/** Opens the database for work that ends. Only warnings are logged, and not among what the command prints. */
export async function withDatabase<Result>(work: (open: Opened) => Promise<Result>): Promise<Result> {
  const config = readConfig();
  const log = createLogger('warn', process.stderr);
  let result: { value: Result } | null = null;
  await servingOn({ config, log }, async (open) => {
    result = { value: await work(open) };
    await open.database.stop();
  });
  // Told to end meanwhile, the process is about to.
  return result === null ? new Promise(() => {}) : (result as { value: Result }).value;
}
