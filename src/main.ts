import { existsSync } from 'node:fs';
import process from 'node:process';
import { type Config, ConfigError, readConfig } from './config.js';
import { createDataSource } from './data-source.js';
import { type Gateway, startGateway } from './gateway.js';
import { loadSecrets } from './generated-secrets.js';
import { systemClock } from './platform/clock.js';
import { migrate, migrateDown } from './platform/database/migrate.js';
import { EmbeddedPostgresError } from './platform/embedded-postgres/embedded-postgres-error.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger, type Logger } from './platform/logger.js';
import { systemRandom } from './platform/random.js';
import { SigningKeysError } from './session/access-token/signing-keys.js';

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
  const database = await openDatabase({ config, log });
  try {
    const ran = await withMigrations<string[]>({ config, database }, work);
    log.info({ event: 'migrated', migrations: ran ?? 'last one taken back' }, 'the database is migrated');
  } finally {
    await database.stop();
  }
}

async function serve(): Promise<void> {
  const config = readConfig();
  const log = createLogger(config.logLevel);
  const database = await openDatabase({ config, log });
  try {
    await withMigrations({ config, database }, migrate);
    const secrets = await loadSecrets({ config, random });
    const urls = { databaseUrl: database.url, databaseDirectUrl: database.directUrl };
    const gateway = await startGateway({ config, ...urls, ...secrets, clock, random, log });
    stopInOrder({ gateway, database, log });
    announce({ config, gateway, embeddedDataDir: database.embeddedDataDir });
  } catch (error) {
    await database.stop();
    throw error;
  }
}

/** Ends on the first signal, or on a fault that nobody caught; later signals change nothing: npm sends each twice. */
function stopInOrder({ gateway, database, log }: { gateway: Gateway; database: OpenDatabase; log: Logger }): void {
  let isStopping = false;
  const stop = async (exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    try {
      await gateway.close();
      await database.stop();
      log.info({ event: 'stopped' }, 'stopped');
      process.exitCode = exitCode;
    } catch (error) {
      log.error({ event: 'stop_failed', cause: textOf(error) }, 'could not stop in order');
      process.exitCode = EXIT_FAULTY;
    }
    process.exit();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      const stack = error instanceof Error ? error.stack : String(error);
      log.fatal({ event, stack }, 'a fault that nobody caught: stopping');
      void stop(EXIT_FAULTY);
    });
  }
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

/** A sentence for somebody at a terminal; a stack only where nobody foresaw the fault. */
function explain(error: unknown): string {
  const isForeseen = [ConfigError, EmbeddedPostgresError, SigningKeysError].some((kind) => error instanceof kind);
  if (isForeseen) return textOf(error);
  const { code, port, path } = (error ?? {}) as { code?: string; port?: number; path?: string };
  if (code === 'EADDRINUSE') return `Port ${port} is taken: stop what listens there, or set PORT to another one.`;
  if (code === 'EACCES' && port !== undefined) return `Port ${port} may not be used by this account: set PORT.`;
  if (code === 'ENOENT' && path !== undefined) return `There is no file ${path}.`;
  if (code === 'ECONNREFUSED') return 'The database that DATABASE_URL names does not answer.';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
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
  process.stderr.write(`${explain(error)}\n`);
  process.exit(EXIT_FAULTY);
}
