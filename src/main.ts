import { existsSync } from 'node:fs';
import process from 'node:process';
import { type Config, ConfigError, readConfig } from './config.js';
import { explainFault } from './explain-fault.js';
import type { Gateway } from './gateway.js';
import { type MigrationTarget, migrate, migrateDown } from './platform/database/migrate.js';
import { createLogger, type Logger } from './platform/logger.js';
import { type OpenDatabase, openDatabase, startOn, withMigrations } from './start-from-environment.js';

const ENVIRONMENT_FILE = '.env';
const EXIT_FAULTY = 1;
/** Whatever hangs, a process that was told to end is gone by then; those who wait for it usually kill after 30 s. */
const END_WITHIN_MS = 28_000;

async function runMigrations(work: (target: MigrationTarget) => Promise<unknown>): Promise<void> {
  const config = readConfig();
  const log = createLogger(config.logLevel);
  await withDatabase({ config, log }, async ({ database }) => {
    const ran = await withMigrations({ config, database }, work);
    log.info({ event: 'migrated', migrations: ran ?? 'last one taken back' }, 'the database is migrated');
    await database.stop();
  });
}

async function serve(): Promise<void> {
  const config = readConfig();
  const log = createLogger(config.logLevel);
  await withDatabase({ config, log }, async ({ database, ending }) => {
    const gateway = await startOn({ config, log, database });
    ending.closeFirst(gateway);
    announce({ config, gateway, embeddedDataDir: database.embeddedDataDir });
  });
}

/** Opens the database for some work; lets go of it where the work fails, and when the process is told to end. */
async function withDatabase(
  needs: { config: Config; log: Logger },
  work: (open: { database: OpenDatabase; ending: Ending }) => Promise<void>,
): Promise<void> {
  const opening = openDatabase(needs);
  const stop = async () => (await opening.catch(() => null))?.stop();
  const limitMs = END_WITHIN_MS + needs.config.httpLimits.closeNoticeMs;
  const ending = endInOrder({ log: needs.log, stop, limitMs });
  try {
    await work({ database: await opening, ending });
  } catch (error) {
    // Told to end while it still started: what fails because the database went away is no fault.
    if (ending.hasBegun()) return;
    await stop();
    throw error;
  }
}

interface Ending {
  hasBegun(): boolean;
  /** From now on, the gateway closes before the database goes. */
  closeFirst(gateway: Gateway): void;
}

/** Ends on the first signal, or on a fault that nobody caught; later signals change nothing: npm sends each twice. */
function endInOrder(needs: { log: Logger; stop: () => Promise<void>; limitMs: number }): Ending {
  const { log, stop, limitMs } = needs;
  let isEnding = false;
  let gateway: Gateway | null = null;
  const end = async (exitCode: number) => {
    if (isEnding) return;
    isEnding = true;
    setTimeout(() => {
      log.fatal({ event: 'stop_overdue' }, 'could not stop in time');
      process.exit(EXIT_FAULTY);
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

function announce(needs: { config: Config; gateway: Gateway; embeddedDataDir: string | null }): void {
  const { config, gateway, embeddedDataDir } = needs;
  const lines = [
    '',
    `Gatehouse serves ${gateway.url}/graphql`,
    ...(config.isProduction
      ? []
      : [
          `  Sandbox:   open ${gateway.url}/graphql in a browser`,
          `  Explorer:  ${gateway.url}/explorer (works offline)`,
        ]),
    ...(embeddedDataDir === null
      ? ['  Database:  the one that DATABASE_URL names']
      : [
          `  Database:  embedded PostgreSQL (the default for development; set DATABASE_URL to use your own)`,
          `  Data:      ${embeddedDataDir}`,
        ]),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const commands: Record<string, () => Promise<void>> = {
  serve,
  migrate: () => runMigrations(migrate),
  'migrate:down': () => runMigrations(migrateDown),
};

const command = commands[process.argv[2] ?? 'serve'];
try {
  if (existsSync(ENVIRONMENT_FILE)) process.loadEnvFile(ENVIRONMENT_FILE);
  if (command === undefined) throw new ConfigError([`unknown command; there are ${Object.keys(commands).join(', ')}`]);
  await command();
} catch (error) {
  process.stderr.write(`${explainFault(error)}\n`);
  process.exit(EXIT_FAULTY);
}
