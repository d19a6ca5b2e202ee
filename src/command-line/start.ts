import process from 'node:process';
import { type Config, readConfig } from '../config.js';
import type { ServingGateway } from '../gateway.js';
import { createLogger } from '../platform/logger.js';
import { startOn } from '../start-from-environment.js';
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
