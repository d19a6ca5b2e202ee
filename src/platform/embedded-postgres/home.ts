import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EmbeddedPostgresError, systemCallCode } from './embedded-postgres-error.js';
import { canReach, findOperatingUser, isRoot, type OperatingUser } from './operating-user.js';
import { type Owner, readTextFile, writePrivateFile } from './private-file.js';

/**
 * Where the server's files are. `home` holds what the server itself must reach (its cluster, and its programs where they had
 * to be copied); it is the data folder, except for root with a data folder that the operating user can't enter: then it is
 * a folder of root's under /var/lib/gatehouse, and the file `postgres-home` in the data folder says which.
 */
export interface Home {
  dataDir: string;
  home: string;
  /** The folder that PostgreSQL keeps its database in; it may not exist yet. */
  cluster: string;
  user: OperatingUser | null;
}

const STAGING_BASE = '/var/lib/gatehouse';
const POINTER = 'postgres-home';
const NOTE = 'belongs-to';
const CLUSTER = 'postgres';

/** Makes the data folder if need be, closed to others; returns its real path. */
export async function makeDataFolder(path: string): Promise<string> {
  const absolute = resolve(path);
  const made = await mkdir(absolute, { recursive: true, mode: isRoot() ? 0o711 : 0o700 });
  // Root's may be entered, not listed: the server's own account has to pass through. The secrets in it are files of mode 0600.
  if (made !== undefined && isRoot()) await chmod(absolute, 0o711);
  return realpath(absolute);
}

/**
 * Finds or makes the home of a data folder.
 *
 * @throws {EmbeddedPostgresError} `no_permission` where data are out of reach or owned by somebody else.
 */
export async function findHome(dataDir: string): Promise<Home> {
  const staged = await readPointer(dataDir);
  const existing = join(staged ?? dataDir, CLUSTER);
  const clusterOwner = await ownerOf(existing);
  const folderOwner = await ownerOf(dataDir);
  const user = await findOperatingUser([clusterOwner, folderOwner].filter((owner) => owner !== null));
  if (user === null) refuseForeign({ path: existing, owner: clusterOwner });
  if (staged !== null) return { dataDir, home: staged, cluster: existing, user };
  if (await canReach({ path: dataDir, user })) return { dataDir, home: dataDir, cluster: existing, user };
  if (clusterOwner !== null) {
    throw new EmbeddedPostgresError(
      'no_permission',
      `${existing} belongs to ${user?.name}, who can no longer enter ${dataDir}. Let others pass through the folders ` +
        'above it (chmod o+x), or set DATABASE_URL.',
    );
  }
  const home = await stage(dataDir);
  return { dataDir, home, cluster: join(home, CLUSTER), user };
}

/** Removes a data folder and the home that was made for it. */
export async function removeHome(dataDir: string): Promise<void> {
  const staged = await readPointer(dataDir);
  if (staged !== null) await rm(staged, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}

async function ownerOf(path: string): Promise<Owner | null> {
  try {
    const { uid, gid } = await lstat(path);
    return { uid, gid };
  } catch (error) {
    if (systemCallCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function refuseForeign({ path, owner }: { path: string; owner: Owner | null }): void {
  const uid = process.getuid?.();
  if (owner === null || uid === undefined || owner.uid === uid) return;
  throw new EmbeddedPostgresError(
    'no_permission',
    `${path} belongs to another user (uid ${owner.uid}): it was made when the gateway was started by that user or by root. ` +
      'Start it so again, choose another GATEHOUSE_DATA_DIR, or set DATABASE_URL.',
  );
}

/** The home that an earlier start as root has made, or null. One is believed only if root owns it and its note names this data folder. */
async function readPointer(dataDir: string): Promise<string | null> {
  const home = await readTextFile(join(dataDir, POINTER));
  if (home === null) return null;
  if (!isRoot()) {
    throw new EmbeddedPostgresError(
      'no_permission',
      `The data folder ${dataDir} was used by root, its database is in ${home}. Start as root again, choose another ` +
        'GATEHOUSE_DATA_DIR, or set DATABASE_URL.',
    );
  }
  const owner = await ownerOf(home);
  // Gone (a cleared machine): as if there had been no start. The password then has no database either.
  if (owner === null) return null;
  const isOurs = owner.uid === 0 && (await isOwnFolder(home)) && (await readTextFile(join(home, NOTE))) === dataDir;
  if (isOurs) return home;
  throw new EmbeddedPostgresError(
    'no_permission',
    `${join(dataDir, POINTER)} names ${home}, which was not made for this data folder. Delete that file to start anew.`,
  );
}

async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
}

async function stage(dataDir: string): Promise<string> {
  const home = await realpath((await stageUnderBase(dataDir)) ?? (await mkdtemp(join(tmpdir(), 'gatehouse-data-'))));
  await chmod(home, 0o711);
  await writeFile(join(home, NOTE), `${dataDir}\n`, { flag: 'wx', mode: 0o600 });
  await writePrivateFile({ path: join(dataDir, POINTER), text: `${home}\n`, owner: null });
  return home;
}

async function stageUnderBase(dataDir: string): Promise<string | null> {
  const home = join(STAGING_BASE, createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
  try {
    await mkdir(STAGING_BASE, { mode: 0o711 }).catch((error: unknown) => {
      if (systemCallCode(error) !== 'EEXIST') throw error;
    });
    if (!(await isOwnFolder(STAGING_BASE))) return null;
    if ((await ownerOf(home)) !== null) {
      // The data folder was deleted, so its database is gone too; the last one is kept, in case that was a mistake.
      await rm(`${home}.replaced`, { recursive: true, force: true });
      await rename(home, `${home}.replaced`);
    }
    await mkdir(home);
    return home;
  } catch (error) {
    // No such place here (a read-only system, say): a private folder in the temporary one, which may be swept at a restart.
    if (['EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes(systemCallCode(error) ?? '')) return null;
    throw error;
  }
}
