import { existsSync } from 'node:fs';
import process from 'node:process';
import { type Config, ConfigError, readConfig } from './config.js';
import { createDataSource } from './data-source.js';
import { explainFault } from './explain-fault.js';
import { type Gateway, startGateway } from './gateway.js';
import { loadSecrets } from './generated-secrets.js';
import { systemClock } from './platform/clock.js';
import { migrate, migrateDown } from './platform/database/migrate.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger, type Logger } from './platform/logger.js';
import { systemRandom } from './platform/random.js';

const ENVIRONMENT_FILE = '.env';
const EXIT_FAULTY = 1;

const clock = systemClock;
const random = systemRandom(clock);

/** The database to use, and how to let go of it. */
interface OpenDatabase {
  url: string;
  directUrl: string;
  /** Where the embedded server keeps its data; null: it is the operator's own server. */
  embeddedDataDir: string | null;
  stop(): Promise<void>;
}

async function openDatabase({ config, log }: { config: Config; log: Logger }): Promise<OpenDatabase> {
  const { databaseUrl: url, databaseDirectUrl, dataDir } = config;
  if (url !== null) {
    return { url, directUrl: databaseDirectUrl ?? url, embeddedDataDir: null, stop: async () => undefined };
  }
  const embedded = await startEmbeddedPostgres({ dataDir, random, log });
  return {
    url: embedded.url,
    directUrl: embedded.url,
    embeddedDataDir: embedded.dataDir,
    stop: () => embedded.stop(),
  };
}

async function withMigrations<Result>(
  { config, database }: { config: Config; database: OpenDatabase },
  work: typeof migrate | typeof migrateDown,
): Promise<Result | undefined> {
  const schema = config.databaseSchema;
  const limits = { poolMax: 2, isPooled: false, hasTimeouts: false };
  const dataSource = createDataSource({ url: database.directUrl, schema, ...limits });
  await dataSource.initialize();
  try {
    return (await work({ dataSource, schema })) as Result;
  } finally {
    await dataSource.destroy();
  }
}

async function runMigrations(work: typeof migrate | typeof migrateDown): Promise<void> {
  const config = readConfig();
  const log = createLogger(config.logLevel);
  await withDatabase({ config, log }, async ({ database }) => {
    const ran = await withMigrations<string[]>({ config, database }, work);
    log.info({ event: 'migrated', migrations: ran ?? 'last one taken back' }, 'the database is migrated');
    await database.stop();
  });
}

async function serve(): Promise<void> {
  const config = readConfig();
  const log = createLogger(config.logLevel);
  await withDatabase({ config, log }, async ({ database, ending }) => {
    await withMigrations({ config, database }, migrate);
    const secrets = await loadSecrets({ config, random });
    const urls = { databaseUrl: database.url, databaseDirectUrl: database.directUrl };
    const gateway = await startGateway({ config, ...urls, ...secrets, clock, random, log });
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
  const ending = endInOrder({ log: needs.log, stop });
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
function endInOrder({ log, stop }: { log: Logger; stop: () => Promise<void> }): Ending {
  let isEnding = false;
  let gateway: Gateway | null = null;
  const end = async (exitCode: number) => {
    if (isEnding) return;
    isEnding = true;
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
