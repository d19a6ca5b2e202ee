import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from '../clock.js';
import type { Logger } from '../logger.js';
import type { Random } from '../random.js';
import { type Binaries, prepareBinaries } from './binaries.js';
import { prepareCluster } from './cluster.js';
import { toEmbeddedPostgresError } from './embedded-postgres-error.js';
import { lockFolder } from './folder-lock.js';
import { findHome, type Home, makeDataFolder, removeHome } from './home.js';
import { removeSocketDir } from './postmaster-file.js';
import { addressSettings, addressUrl, pickAddress, type ServerAddress } from './server-address.js';
import { type ServerProcess, startServer } from './server-process.js';
import { stopAbandonedServer, stopByPgCtl, stopServer } from './stop-server.js';

/** A PostgreSQL that runs beside this process, for development and tests. */
export interface EmbeddedPostgres {
  /** `postgresql://` URL of the database `gatehouse`, with the password in it; for `pg` and TypeORM. */
  url: string;
  /** The data folder's real path. */
  dataDir: string;
  /** Shuts the server down and gives the data folder free; a second call waits for the first. */
  stop(): Promise<void>;
}

/** What a start needs; `settings` are further `-c` settings of the server. */
export interface EmbeddedPostgresOptions {
  dataDir: string;
  random: Random;
  log: Logger;
  settings?: Record<string, string>;
  maxConnections?: number;
}

const DATABASE_NAME = 'gatehouse';
const LOCK_FILE = 'postgres.lock';
const LOG_FILE = 'postgres.log';

/**
 * Starts PostgreSQL on a data folder, making both at the first start. One live process at a time may use a data folder; a
 * server that a killed one left running is stopped first. It hooks no signals: whoever starts it calls `stop()`.
 *
 * @throws {EmbeddedPostgresError} saying what to do, whatever the cause.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return withLockedFolder(options.dataDir, async ({ dataDir, release }) => {
    const beganAt = systemClock.monotonicMs();
    const home = await findHome(dataDir);
    const binaries = await prepareBinaries(home);
    await stopAbandonedServer({ home, binaries, log: options.log });
    const isDurable = options.settings?.fsync !== 'off';
    const { password } = await prepareCluster({ home, binaries, random: options.random, isDurable });
    const { server, address } = await startListening({ ...options, home, binaries, password });
    const tookMs = Math.round(systemClock.monotonicMs() - beganAt);
    options.log.info({ dataDir, cluster: home.cluster, pid: server.pid, tookMs }, 'embedded PostgreSQL started');
    const stop = stopOnce({ home, binaries, server, address, release, log: options.log });
    return { url: addressUrl({ address, password, database: DATABASE_NAME }), dataDir, stop };
  });
}

/**
 * Ends whatever server a killed process left on a data folder, and deletes the folder with all that belongs to it.
 *
 * @throws {EmbeddedPostgresError} `data_folder_taken` while a live process uses it.
 */
export async function discardEmbeddedPostgres({ dataDir, log }: { dataDir: string; log: Logger }): Promise<void> {
  await withLockedFolder(dataDir, async (locked) => {
    const home = await findHome(locked.dataDir);
    await stopAbandonedServer({ home, binaries: await prepareBinaries(home), log });
    await removeHome(locked.dataDir);
  });
}

/** Runs something with a data folder locked: a failure gives it free, a success leaves that to `release`. */
async function withLockedFolder<T>(
  path: string,
  work: (locked: { dataDir: string; release(): Promise<void> }) => Promise<T>,
): Promise<T> {
  try {
    const dataDir = await makeDataFolder(path);
    const lock = await lockFolder({ path: join(dataDir, LOCK_FILE), dataDir });
    try {
      return await work({ dataDir, release: lock.release });
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw toEmbeddedPostgresError(error);
  }
}

async function startListening(
  start: EmbeddedPostgresOptions & { home: Home; binaries: Binaries; password: string },
): Promise<{ server: ServerProcess; address: ServerAddress }> {
  const address = await pickAddress(start.home.user);
  const settings = {
    ...addressSettings(address),
    ...(start.maxConnections === undefined ? {} : { max_connections: String(start.maxConnections) }),
    ...start.settings,
  };
  try {
    const logFile = join(start.home.dataDir, LOG_FILE);
    const server = await startServer({ home: start.home, binaries: start.binaries, logFile, settings });
    await ensureDatabase({ address, password: start.password }).catch(async (error: unknown) => {
      await stopServer(server);
      throw error;
    });
    return { server, address };
  } catch (error) {
    if (address.kind === 'socket') await removeSocketDir(address.socketDir);
    throw error;
  }
}

/** At every start, as the first may have been killed between making the cluster and making the database. */
async function ensureDatabase({ address, password }: { address: ServerAddress; password: string }): Promise<void> {
  const client = new pg.Client({ connectionString: addressUrl({ address, password, database: 'postgres' }) });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE_NAME]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE_NAME}`);
  } finally {
    await client.end();
  }
}

function stopOnce(running: {
  home: Home;
  binaries: Binaries;
  server: ServerProcess;
  address: ServerAddress;
  release(): Promise<void>;
  log: Logger;
}): () => Promise<void> {
  const { home, binaries, server, address, log } = running;
  let stopping: Promise<void> | null = null;
  void server.ended.then(() => {
    if (stopping === null)
      log.error({ dataDir: home.dataDir }, 'the embedded PostgreSQL ended by itself: see postgres.log');
  });
  const stop = async () => {
    await (process.platform === 'win32' ? stopByPgCtl({ home, binaries }) : stopServer(server));
    if (address.kind === 'socket') await removeSocketDir(address.socketDir);
    await running.release();
  };
  return () => {
    stopping ??= stop();
    return stopping;
  };
}
