import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbeddedPostgresError, systemCallCode } from './embedded-postgres-error.js';
import type { Owner } from './private-file.js';

/** The account that PostgreSQL runs as when the gateway itself is root, which PostgreSQL refuses to be. */
export interface OperatingUser extends Owner {
  name: string;
}

/**
 * In this order. An account is never created: that would change the machine for good. `nobody` comes before `postgres`, as the
 * latter is let into a PostgreSQL of the machine's own without a password.
 */
const ACCOUNT_NAMES = ['gatehouse', 'nobody', 'postgres', '_postgres'];

/** Whether this process is root (never so on Windows). */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The account for PostgreSQL: of the uids in `owners` (who owns the data, who owns the data folder) the first that is not
 * root, else the first of a few well-known accounts without rights; null when this process is not root.
 *
 * @throws {EmbeddedPostgresError} `no_permission` where there is no such account.
 */
export async function findOperatingUser(owners: readonly Owner[]): Promise<OperatingUser | null> {
  if (!isRoot()) return null;
  const accounts = await readAccounts();
  const owner = owners.find(({ uid }) => uid !== 0);
  if (owner !== undefined) {
    return (
      accounts.find(({ uid }) => uid === owner.uid) ?? { uid: owner.uid, gid: owner.gid, name: `uid ${owner.uid}` }
    );
  }
  const found = ACCOUNT_NAMES.flatMap((name) => accounts.filter((account) => account.name === name && account.uid > 0));
  if (found[0] !== undefined) return found[0];
  throw new EmbeddedPostgresError(
    'no_permission',
    'PostgreSQL refuses to run as root, and this machine has no account named gatehouse, nobody or postgres. ' +
      'Start as an ordinary user, make an account named gatehouse, or set DATABASE_URL.',
  );
}

async function readAccounts(): Promise<OperatingUser[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch((error: unknown) => {
    if (systemCallCode(error) === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid = '', gid = ''] = line.split(':');
    return /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

const READ_BIT = 4;
const ENTER_BIT = 1;

/**
 * Whether a user can enter every folder down to a real path, and read what is there too if `isReadable` is asked. It goes by
 * the mode bits; `user` null is this process, which finds out by itself.
 */
export async function canReach(target: {
  path: string;
  user: OperatingUser | null;
  isReadable?: boolean;
}): Promise<boolean> {
  if (target.user === null) return true;
  let wanted = target.isReadable ? READ_BIT | ENTER_BIT : ENTER_BIT;
  for (let path = target.path; ; path = dirname(path)) {
    const { mode, uid, gid } = await stat(path);
    const shift = uid === target.user.uid ? 6 : gid === target.user.gid ? 3 : 0;
    if (((mode >> shift) & wanted) !== wanted) return false;
    if (path === dirname(path)) return true;
    wanted = ENTER_BIT;
  }
}
