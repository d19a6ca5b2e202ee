import { rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { readTextFile } from './private-file.js';

/** What a running server writes of itself into `postmaster.pid`. */
export interface PostmasterFile {
  pid: number;
  port: number;
  /** Empty where it listens on no unix socket. */
  socketDir: string;
  isReady: boolean;
}

/** Port that names the socket file; nothing listens on it by TCP. */
export const SOCKET_PORT = 5432;
/** How the folders of sockets begin. */
export const SOCKET_DIR_PREFIX = 'gatehouse-';

/** Reads a cluster's `postmaster.pid`; null where there is none, or none yet. */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | null> {
  // miscadmin.h: LOCK_FILE_LINE_*: pid, folder, start time, port, socket folder, TCP address, shared memory, status.
  const lines = ((await readTextFile(join(cluster, 'postmaster.pid'))) ?? '').split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid < 1) return null;
  return {
    pid,
    port: Number(lines[3]),
    socketDir: lines[4]?.trim() ?? '',
    isReady: lines[7]?.trim() === 'ready',
  };
}

/** Removes a folder of sockets that we made, with no more in it than a server leaves there; any other folder stays. */
export async function removeSocketDir(path: string): Promise<void> {
  const isOurs = basename(path).startsWith(SOCKET_DIR_PREFIX) && [tmpdir(), '/tmp'].includes(dirname(path));
  if (!isOurs) return;
  const socket = join(path, `.s.PGSQL.${SOCKET_PORT}`);
  await rm(socket, { force: true });
  await rm(`${socket}.lock`, { force: true });
  await rmdir(path).catch(() => undefined);
}
