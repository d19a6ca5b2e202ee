import type { DataSource } from 'typeorm';
import { type Config, ConfigError } from './config.js';
import type { OpenDatabase } from './open-database.js';
import { createDatabase, type Database } from './platform/database/database.js';

/**
 * An application's own DataSource as the gateway's database: its pool sends the gateway's statements. Where it is
 * initialized already, letting go of it stays with the application.
 *
 * @throws {ConfigError} where it is no PostgreSQL, or where its address can't be told from it and DATABASE_URL is not set.
 */
export async function openHostDatabase(needs: {
  config: Config;
  dataSource: DataSource;
}): Promise<OpenDatabase & { database: Database }> {
  const { config, dataSource } = needs;
  const url = config.databaseUrl ?? urlOf(dataSource);
  const directUrl = config.databaseDirectUrl ?? url;
  const isOurs = !dataSource.isInitialized;
  if (isOurs) await dataSource.initialize();
  const schema = config.databaseSchema;
  return {
    url,
    directUrl,
    embeddedDataDir: null,
    database: createDatabase({ dataSource, schema, isPooled: url !== directUrl }),
    stop: async () => {
      if (isOurs && dataSource.isInitialized) await dataSource.destroy();
    },
  };
}

/** The feed listens, and migrations run, on connections of their own. */
function urlOf({ options }: DataSource): string {
  if (options.type !== 'postgres') throw new ConfigError(['dataSource must be one of PostgreSQL']);
  if (options.url !== undefined) return options.url;
  const { host, port = 5432, database, username, password, ssl } = options;
  if (host === undefined || database === undefined || typeof password === 'function' || ssl) {
    throw new ConfigError(['DATABASE_URL must be set: the address of the dataSource can not be told from it']);
  }
  const url = new URL(`postgresql://${host.includes(':') ? `[${host}]` : host}:${port}/`);
  url.username = encodeURIComponent(username ?? '');
  url.password = encodeURIComponent(password ?? '');
  url.pathname = encodeURIComponent(database);
  return url.href;
}
