import type { DataSource } from 'typeorm';
import { type Config, statementsMax } from './config.js';
import type { GatewayParts } from './gateway.js';
import { loadSecrets } from './generated-secrets.js';
import { databaseOfHost, type HostDataSource } from './host-database.js';
import { openDatabase, withMigrations } from './open-database.js';
import type { Clock } from './platform/clock.js';
import type { Closing } from './platform/closing.js';
import { createDatabase } from './platform/database/database.js';
import { migrate } from './platform/database/migrate.js';
import type { Logger } from './platform/logger.js';
import type { Mailer } from './platform/mail/mailer.js';
import type { Random } from './platform/random.js';
import type { ScopesOf } from './session/access-token/granted-scopes.js';

/**
 * Opens the database, migrates it, and reads the secrets; what is to be let go of is told to `closing`.
 *
 * @throws {ConfigError} where something of it can't be used.
 */
export async function openParts(needs: {
  options: { dataSource?: HostDataSource; scopesOf?: ScopesOf; mailer?: Mailer };
  config: Config;
  clock: Clock;
  random: Random;
  log: Logger;
  closing: Closing;
}): Promise<GatewayParts> {
  const { options, config, clock, random, log, closing } = needs;
  const { dataSource, scopesOf, mailer } = options;
  const isThere = typeof dataSource === 'object';
  const opened = isThere ? databaseOfHost({ config, dataSource }) : await openDatabase({ config, random, log });
  closing.add(() => opened.stop());
  await withMigrations({ config, database: opened }, migrate);
  const own = typeof dataSource === 'function' ? dataSource({ url: opened.url }) : dataSource;
  if (own !== undefined) await initialize(own, closing);
  const isPooled = opened.url !== opened.directUrl;
  const database =
    own &&
    createDatabase({
      dataSource: own,
      schema: config.databaseSchema,
      isPooled,
      statementsMax: statementsMax(config),
    });
  const secrets = await loadSecrets({ config, random });
  const urls = { databaseUrl: opened.url, databaseDirectUrl: opened.directUrl };
  return { config, ...urls, database, ...secrets, clock, random, log, scopesOf, mailer };
}

/** Letting go of what the application has initialized stays with the application. */
async function initialize(dataSource: DataSource, closing: Closing): Promise<void> {
  if (dataSource.isInitialized) return;
  await dataSource.initialize();
  closing.add(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
  });
}
