import type { DataSource } from 'typeorm';
import { type Config, ConfigError } from './config.js';
import type { OpenDatabase } from './open-database.js';

/** An application's DataSource, or what makes it once the address of the database is known. */
export type HostDataSource = DataSource | ((database: { url: string }) => DataSource);

/**
 * Where an application's own DataSource is.
 *
 * @throws {ConfigError} where it is no PostgreSQL, or where its address can't be told from it and DATABASE_URL is not set.
 */
export function databaseOfHost({ config, dataSource }: { config: Config; dataSource: DataSource }): OpenDatabase {
  const url = config.databaseUrl ?? urlOf(dataSource);
  return { url, directUrl: config.databaseDirectUrl ?? url, embeddedDataDir: null, stop: async () => undefined };
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
