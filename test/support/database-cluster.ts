import { chmod, lstat, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from '../../src/platform/clock.js';
import { EmbeddedPostgresError } from '../../src/platform/embedded-postgres/embedded-postgres-error.js';
import {
  discardEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger } from '../../src/platform/logger.js';
import { systemRandom } from '../../src/platform/random.js';

/** The PostgreSQL of one test run. */
export interface TestCluster {
  /** URL of the database `postgres`, for making and dropping others. */
  adminUrl: string;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

const FOLDER_PREFIX = 'gatehouse-test-';
const CONNECTIONS_MAX = 200;
/** Nothing here must outlive a power cut. */
const FORGETFUL = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Starts a new PostgreSQL in a temporary folder, once a run; what a crashed run left behind is removed first. */
export async function startTestCluster(): Promise<TestCluster> {
  const log = createLogger('silent');
  await removeLeftovers();
  const folder = await mkdtemp(join(await realpath(tmpdir()), FOLDER_PREFIX));
  // For root: the account that PostgreSQL runs as has to pass through.
  await chmod(folder, 0o711);
  const dataDir = join(folder, 'data');
  const server = await startEmbeddedPostgres({
    dataDir,
    random: systemRandom(systemClock),
    log,
    settings: FORGETFUL,
    maxConnections: CONNECTIONS_MAX,
  });
  const stop = async () => {
    await server.stop();
    await discardEmbeddedPostgres({ dataDir, log });
    await rm(folder, { recursive: true, force: true });
  };
  return { adminUrl: urlOfDatabase({ url: server.url, name: 'postgres' }), stop };
}

/** Makes a database, empty or a copy of `template` (to which nobody may be connected); returns its URL. */
export async function createTestDatabase(database: {
  adminUrl: string;
  name: string;
  template?: string;
}): Promise<string> {
  const template = database.template === undefined ? '' : ` TEMPLATE ${pg.escapeIdentifier(database.template)}`;
  await runAsAdmin(database.adminUrl, `CREATE DATABASE ${pg.escapeIdentifier(database.name)}${template}`);
  return urlOfDatabase({ url: database.adminUrl, name: database.name });
}

/** Drops a database, if it is there, ending the sessions in it. */
export async function dropTestDatabase(database: { adminUrl: string; name: string }): Promise<void> {
  const name = pg.escapeIdentifier(database.name);
  await runAsAdmin(database.adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

function urlOfDatabase({ url, name }: { url: string; name: string }): string {
  const target = new URL(url);
  target.pathname = `/${encodeURIComponent(name)}`;
  return target.href;
}

async function runAsAdmin(adminUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Ends the servers and removes the folders of this user's runs that ended without doing so themselves. */
async function removeLeftovers(): Promise<void> {
  const base = await realpath(tmpdir());
  const names = (await readdir(base)).filter((name) => name.startsWith(FOLDER_PREFIX));
  await Promise.all(names.map((name) => removeLeftover(join(base, name))));
}

async function removeLeftover(folder: string): Promise<void> {
  const dataDir = join(folder, 'data');
  const [owned, lock] = await Promise.all(
    [folder, join(dataDir, 'postgres.lock')].map((path) => lstat(path).catch(() => null)),
  );
  // Without a lock, it may be that of a run which begins at this moment.
  const isLeftover = owned?.isDirectory() && owned.uid === (process.getuid?.() ?? owned.uid) && lock !== null;
  if (!isLeftover) return;
  try {
    await discardEmbeddedPostgres({ dataDir, log: createLogger('silent') });
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    const isInUse = error instanceof EmbeddedPostgresError && error.fault === 'data_folder_taken';
    if (!isInUse) throw error;
  }
}
