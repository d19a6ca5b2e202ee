import { open, readFile, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, systemCallCode } from './embedded-postgres-error.js';
import { readTextFile } from './private-file.js';
import { identifyProcess } from './process-identity.js';

/** The right to use a data folder, until it is released or this process ends. */
export interface FolderLock {
  release(): Promise<void>;
}

interface Holder {
  pid: number;
  startedAt: string | null;
}

const TRIES = 20;
const PAUSE_MS = 25;

/**
 * Takes a data folder for this process: at most one live process holds it, and the lock of one that ended never blocks.
 *
 * @throws {EmbeddedPostgresError} `data_folder_taken` while another process (or this one) holds it.
 */
export async function lockFolder({ path, dataDir }: { path: string; dataDir: string }): Promise<FolderLock> {
  const { startedAt } = await identifyProcess(process.pid);
  const text = JSON.stringify({ pid: process.pid, startedAt } satisfies Holder);
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    if (await tryCreate(path, text)) return { release: () => release(path, text) };
    const held = await readTextFile(path);
    if (held === null) continue;
    const holder = parseHolder(held);
    // An unfinished file is being written this moment, unless it stays so.
    const isUnfinished = holder === null && attempt < TRIES / 2;
    if (!isUnfinished) {
      if (holder !== null && (await isLive(holder))) throw taken({ path, dataDir, pid: holder.pid });
      await removeStale({ path, held });
    }
    await sleep(PAUSE_MS);
  }
  throw taken({ path, dataDir, pid: null });
}

async function tryCreate(path: string, text: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx');
    try {
      // No secret; and whoever owns the folder must be able to see that root's lock is stale.
      await handle.chmod(0o644);
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (systemCallCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value)) return null;
    const { pid, startedAt } = value;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return null;
    return { pid, startedAt: typeof startedAt === 'string' ? startedAt : null };
  } catch {
    return null;
  }
}

async function isLive(holder: Holder): Promise<boolean> {
  const found = await identifyProcess(holder.pid);
  // Where the system does not tell start times, a live number counts as the holder: refusing loses nothing.
  return found.isAlive && (found.startedAt ?? holder.startedAt) === (holder.startedAt ?? found.startedAt);
}

async function removeStale({ path, held }: { path: string; held: string }): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    // Moved, then read: of two processes that saw the same stale lock, the second must not remove the first one's new lock.
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')).trim() === held) await rm(aside, { force: true });
    else await rename(aside, path);
  } catch (error) {
    if (systemCallCode(error) !== 'ENOENT') throw error;
  }
}

async function release(path: string, text: string): Promise<void> {
  if ((await readTextFile(path)) === text) await rm(path, { force: true });
}

function taken(lock: { path: string; dataDir: string; pid: number | null }): EmbeddedPostgresError {
  const holder = lock.pid === null ? 'another gateway' : `another gateway (process ${lock.pid})`;
  return new EmbeddedPostgresError(
    'data_folder_taken',
    `The data folder ${lock.dataDir} is taken by ${holder}. Stop that one, choose another GATEHOUSE_DATA_DIR, or set ` +
      `DATABASE_URL. (If no such gateway runs, delete ${lock.path}.)`,
  );
}
