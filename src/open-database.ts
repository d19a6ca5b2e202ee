import type { Config } from './config.js';
import { createDataSource } from './data-source.js';
import type { MigrationTarget } from './platform/database/migrate.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres/start-embedded-postgres.js';
import type { Logger } from './platform/logger.js';
import type { Random } from './platform/random.js';

/** The database to use, and how to let go of it. */
export interface OpenDatabase {
  url: string;
  directUrl: string;
  /** Where the embedded server keeps its data; null: it is the operator's own server. */
  embeddedDataDir: string | null;
  stop(): Promise<void>;
}

/** The database that the settings name; where they name none, an embedded server is started. */
export async function openDatabase(needs: { config: Config; random: Random; log: Logger }): Promise<OpenDatabase> {
  const { config, random, log } = needs;
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
  { config, database }: { config: Config; database: Pick<OpenDatabase, 'directUrl'> },
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
