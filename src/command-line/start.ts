import process from 'node:process';
import { type Config, readConfig } from '../config.js';
import { type ServingGateway, startGateway } from '../gateway.js';
import { loadSecrets } from '../generated-secrets.js';
import { type OpenDatabase, withMigrations } from '../open-database.js';
import { systemClock } from '../platform/clock.js';
import { migrate } from '../platform/database/migrate.js';
import { createLogSink } from '../platform/log-sink.js';
import { createLogger } from '../platform/logger.js';
import { systemRandom } from '../platform/random.js';
import { asOneOfSeveral } from './as-worker.js';
import type { Command } from './command.js';
import { type Opened, servingOn } from './with-database.js';
import { isWorkerProcess, sharesOf, startWorkerProcesses } from './worker-processes.js';

/** Serves until the process is told to end. */
export const start: Command = {
  name: 'start',
  summary: 'Migrates the database and serves; also what `gatehouse` alone does.',
  detail: 'Logs one JSON object a line. SIGTERM and SIGINT end it in order: what is in flight is answered first.',
  run: async () => {
    const config = readConfig();
    const serve = isWorkerProcess() ? serveAsOneOfSeveral : config.workers > 1 ? serveBySeveral : serveAlone;
    const sink = createLogSink();
    await servingOn({ config, log: createLogger(config.logLevel, sink), sink }, serve);
    return null;
  },
};

async function serveAlone(opened: Opened): Promise<void> {
  const gateway = await startOn(opened);
  opened.ending.closeFirst(gateway);
  announce({ ...opened, url: gateway.url });
}

async function serveAsOneOfSeveral(opened: Opened): Promise<void> {
  const several = asOneOfSeveral();
  const gateway = await startOn(opened, several.areAllReady);
  opened.ending.closeFirst(gateway);
  several.report(gateway);
}

/** Serves nothing itself: it holds the port and the embedded database, and starts the processes that serve. */
async function serveBySeveral(opened: Opened): Promise<void> {
  const { config, log, database, ending } = opened;
  await prepare(opened);
  const shares = sharesOf({ total: config.hashWorkers, count: config.workers });
  const environments = shares.map((share) => ({
    GATEHOUSE_WORKERS: '1',
    HASH_WORKERS: String(share),
    DATABASE_URL: database.url,
    DATABASE_DIRECT_URL: database.directUrl,
  }));
  const workers = startWorkerProcesses({ environments, clock: systemClock, log });
  ending.closeFirst(workers);
  try {
    const { url } = await workers.started;
    announce({ config, database, url });
  } catch (error) {
    await workers.close();
    throw error;
  }
}

/** The tables, and the secrets that are generated where the settings name none. */
async function prepare({ config, database }: Pick<Opened, 'config' | 'database'>) {
  await withMigrations({ config, database }, migrate);
  return loadSecrets({ config, random: systemRandom(systemClock) });
}

async function startOn(opened: Opened, areOthersReady?: () => boolean): Promise<ServingGateway> {
  const { config, log, sink, database } = opened;
  const clock = systemClock;
  const random = systemRandom(clock);
  const secrets = await prepare(opened);
  const urls = { databaseUrl: database.url, databaseDirectUrl: database.directUrl };
  const logLinesDropped = sink?.dropped;
  return startGateway({ config, ...urls, ...secrets, clock, random, log, logLinesDropped, areOthersReady });
}

function announce({ config, url, database }: { config: Config; url: string; database: OpenDatabase }): void {
  const { embeddedDataDir } = database;
  const lines = [
    '',
    `Gatehouse serves ${url}/graphql`,
    ...(config.isProduction
      ? []
      : [
          `  Sandbox:   open ${url}/graphql in a browser`,
          `  Explorer:  ${url}/explorer (works offline)`,
          `  Mail:      ${url}/dev/mail (${config.smtp === null ? 'shown, not sent' : 'what was sent'})`,
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
