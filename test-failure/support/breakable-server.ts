import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { systemClock } from '../../src/platform/clock.js';
import {
  discardEmbeddedPostgres,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger } from '../../src/platform/logger.js';
import { systemRandom } from '../../src/platform/random.js';

/** A PostgreSQL that a test may stop, crash, fill and set back. */
export interface BreakableServer {
  /** Where it listens now: another address after each start. */
  url(): string;
  /** Asks it past the gateways and their networks. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** A connection past the gateways, for locks; its end is the caller's. */
  connect(): Promise<pg.Client>;
  /** The operator's way: transactions are rolled back, connections ended. */
  stop(): Promise<void>;
  /** Everything ends at once, as when the machine loses power. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Keeps a copy of its files, while it is stopped. */
  keepCopy(): Promise<void>;
  /** Puts the copy in the place of its files, while it is stopped. */
  restoreCopy(): Promise<void>;
  /** From now on no file of its grows beyond so many bytes, as on a disk that is full; null: as large as they like. */
  limitFiles(bytes: number | null): Promise<void>;
  close(): Promise<void>;
}

const run = promisify(execFile);
const log = createLogger('silent');

/** What was committed must survive a crash of the server, though not one of the machine. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off' };

/** Starts one; `settings` are further ones of the server. */
export async function startBreakableServer(settings: Record<string, string> = {}): Promise<BreakableServer> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'gatehouse-failure-'));
  // For root: the account that PostgreSQL runs as has to pass through.
  await chmod(folder, 0o711);
  const dataDir = join(folder, 'data');
  const cluster = join(dataDir, 'postgres');
  const copy = join(folder, 'copy');
  const begin = () =>
    startEmbeddedPostgres({
      dataDir,
      random: systemRandom(systemClock),
      log,
      settings: { ...SETTINGS, ...settings },
      maxConnections: 200,
    });
  let server: EmbeddedPostgres = await begin();

  const postmaster = async () => Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  const connect = async () => {
    const client = new pg.Client({ connectionString: server.url });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const query = async <Row extends object>(text: string, values: unknown[] = []) => {
    const client = await connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    url: () => server.url,
    query,
    connect,
    stop: () => server.stop(),
    crash: async () => {
      // It may have ended by itself.
      await postmaster().then(
        (pid) => process.kill(pid, 'SIGQUIT'),
        () => undefined,
      );
      await server.stop();
    },
    start: async () => {
      server = await begin();
    },
    keepCopy: () => cpAll(cluster, copy),
    restoreCopy: async () => {
      await rm(cluster, { recursive: true });
      await cpAll(copy, cluster);
    },
    limitFiles: async (bytes) => {
      const backends = await query<{ pid: number }>('SELECT pid FROM pg_stat_activity');
      // As the account that the server runs as: even root may lack the right to limit others.
      const { uid, gid } = await stat(cluster);
      for (const pid of [await postmaster(), ...backends.map((one) => one.pid)]) {
        await run('prlimit', [`--pid=${pid}`, `--fsize=${bytes ?? 'unlimited'}:`], { uid, gid }).catch(
          (error: Error) => {
            // A backend may have ended meanwhile.
            if (!error.message.includes('No such process')) throw error;
          },
        );
      }
    },
    close: async () => {
      await server.stop();
      await discardEmbeddedPostgres({ dataDir, log });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Owners and modes too: the server refuses files of anybody else. */
async function cpAll(from: string, to: string): Promise<void> {
  if (process.platform === 'win32') await cp(from, to, { recursive: true });
  else await run('cp', ['-a', from, to]);
}
