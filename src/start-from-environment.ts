import { availableParallelism } from 'node:os';
import { type Config, loadConfig, readConfig } from './config.js';
import { createDataSource } from './data-source.js';
import { type ServingGateway, startGateway } from './gateway.js';
import type { ResolverClass } from './gateway-schema.js';
import { loadSecrets } from './generated-secrets.js';
import { systemClock } from './platform/clock.js';
import { type MigrationTarget, migrate } from './platform/database/migrate.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger, type Logger } from './platform/logger.js';
import { systemRandom } from './platform/random.js';

const clock = systemClock;
const random = systemRandom(clock);

/** The database to use, and how to let go of it. */
export interface OpenDatabase {
  url: string;
  directUrl: string;
  /** Where the embedded server keeps its data; null: it is the operator's own server. */
  embeddedDataDir: string | null;
  stop(): Promise<void>;
}

/** The database that the settings name; where they name none, an embedded server is started. */
export async function openDatabase({ config, log }: { config: Config; log: Logger }): Promise<OpenDatabase> {
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

/** Migrates the database up or down, on a connection of its own past any pooler. */
export async function withMigrations<Result>(
  { config, database }: { config: Config; database: OpenDatabase },
  work: (target: MigrationTarget) => Promise<Result>,
): Promise<Result> {
  const schema = config.databaseSchema;
  const limits = { poolMax: 2, isPooled: false, hasTimeouts: false };
  const dataSource = createDataSource({ url: database.directUrl, schema, ...limits });
  await dataSource.initialize();
  try {
    return await work({ dataSource, schema });
  } finally {
    await dataSource.destroy();
  }
}

/** Migrates an open database and starts a gateway on it; letting go of the database stays with the caller. */
export async function startOn(needs: {
  config: Config;
  log: Logger;
  database: OpenDatabase;
  resolvers?: readonly ResolverClass[];
}): Promise<ServingGateway> {
  const { config, log, database, resolvers = [] } = needs;
  await withMigrations({ config, database }, migrate);
  const secrets = await loadSecrets({ config, random });
  const urls = { databaseUrl: database.url, databaseDirectUrl: database.directUrl };
  return startGateway({ config, ...urls, ...secrets, clock, random, log, resolvers });
}

/**
 * Starts all that `npm start` does, the embedded database in development included, with resolvers of the caller's own.
 * It hooks no signal, prints nothing but the log, and reads no `.env`. Closing the gateway lets go of the database, too;
 * a failed start leaves nothing open.
 *
 * @throws {ConfigError} naming every fault of the settings at once.
 */
export async function startGatewayFromEnvironment(
  needs: {
    /** Resolver classes of TypeGraphQL beside the gateway's own. */
    resolvers?: readonly ResolverClass[];
    /** Settings by their names. Default: the environment of this process. */
    environment?: Record<string, string | undefined>;
  } = {},
): Promise<ServingGateway> {
  const { environment, resolvers = [] } = needs;
  const config = environment === undefined ? readConfig() : loadConfig(environment, { cores: availableParallelism() });
  const log = createLogger(config.logLevel);
  const database = await openDatabase({ config, log });
  try {
    const gateway = await startOn({ config, log, database, resolvers });
    return { ...gateway, close: () => gateway.close().finally(() => database.stop()) };
  } catch (error) {
    // Whatever else fails on the way down must not hide why.
    await database.stop().catch(() => undefined);
    throw error;
  }
}
