import process from 'node:process';
import type { ServingGateway } from '../gateway.js';
import type { Logger } from '../platform/logger.js';

const EXIT_FAULTY = 1;

/** How a process that was told to end does so. */
export interface Ending {
  hasBegun(): boolean;
  /** From now on, the gateway closes before the database goes. */
  closeFirst(gateway: Pick<ServingGateway, 'close'>): void;
}

/** Ends on the first signal, or on a fault that nobody caught; later signals change nothing: npm sends each twice. */
export function endInOrder(needs: {
  log: Logger;
  /** Writes what is left of the log; no line comes after it. */
  endLog: () => Promise<void>;
  stop: () => Promise<void>;
  limitMs: number;
}): Ending {
  const { log, endLog, stop, limitMs } = needs;
  let isEnding = false;
  let gateway: Pick<ServingGateway, 'close'> | null = null;
  const end = async (exitCode: number) => {
    if (isEnding) return;
    isEnding = true;
    setTimeout(() => {
      log.fatal({ event: 'stop_overdue' }, 'could not stop in time');
      void endLog().then(() => process.exit(EXIT_FAULTY));
    }, limitMs).unref();
    try {
      await gateway?.close();
      await stop();
      log.info({ event: 'stopped' }, 'stopped');
      process.exitCode = exitCode;
    } catch (error) {
      log.error({ event: 'stop_failed', cause: textOf(error) }, 'could not stop in order');
      process.exitCode = EXIT_FAULTY;
    }
    await endLog();
    process.exit();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(0));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      const stack = error instanceof Error ? error.stack : String(error);
      log.fatal({ event, stack }, 'a fault that nobody caught: stopping');
      void end(EXIT_FAULTY);
    });
  }
  return {
    hasBegun: () => isEnding,
    closeFirst: (started) => {
      gateway = started;
    },
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
