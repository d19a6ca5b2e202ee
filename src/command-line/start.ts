import process from 'node:process';
import { type Config, readConfig } from '../config.js';
import { type ServingGateway, startGateway } from '../gateway.js';
import { loadSecrets } from '../generated-secrets.js';
import { type OpenDatabase, withMigrations } from '../open-database.js';
import { systemClock } from '../platform/clock.js';
import { migrate } from '../platform/database/migrate.js';
import { createLogger, type Logger } from '../platform/logger.js';
import { systemRandom } from '../platform/random.js';
import type { Command } from './command.js';
import { servingOn } from './with-database.js';

/** Serves until the process is told to end. */
export const start: Command = {
  name: 'start',
  summary: 'Migrates the database and serves; also what `gatehouse` alone does.',
  detail: 'Logs one JSON object a line. SIGTERM and SIGINT end it in order: what is in flight is answered first.',
  run: async () => {
    const config = readConfig();
    await servingOn({ config, log: createLogger(config.logLevel) }, async ({ log, database, ending }) => {
      const gateway = await startOn({ config, log, database });
      ending.closeFirst(gateway);
      announce({ config, gateway, embeddedDataDir: database.embeddedDataDir });
    });
    return null;
  },
};

async function startOn(needs: { config: Config; log: Logger; database: OpenDatabase }): Promise<ServingGateway> {
  const { config, log, database } = needs;
  const clock = systemClock;
  const random = systemRandom(clock);
  await withMigrations({ config, database }, migrate);
  const secrets = await loadSecrets({ config, random });
  const urls = { databaseUrl: database.url, databaseDirectUrl: database.directUrl };
  return startGateway({ config, ...urls, ...secrets, clock, random, log });
}

function announce(needs: { config: Config; gateway: ServingGateway; embeddedDataDir: string | null }): void {
  const { config, gateway, embeddedDataDir } = needs;
  const lines = [
    '',
    `Gatehouse serves ${gateway.url}/graphql`,
    ...(config.isProduction
      ? []
      : [
          `  Sandbox:   open ${gateway.url}/graphql in a browser`,
          `  Explorer:  ${gateway.url}/explorer (works offline)`,
          `  Mail:      ${gateway.url}/dev/mail (${config.smtp === null ? 'shown, not sent' : 'what was sent'})`,
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
