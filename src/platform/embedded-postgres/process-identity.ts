import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemCallCode } from './embedded-postgres-error.js';

const run = promisify(execFile);

/** A process as seen from outside: `startedAt` tells it from a later one with the same number. */
export interface ProcessIdentity {
  isAlive: boolean;
  /** Only good for comparing; null where this system does not say. */
  startedAt: string | null;
}

const DEAD: ProcessIdentity = { isAlive: false, startedAt: null };

/** Whether a number is given to some process: a zombie has one, and so may a stranger. */
export function isNumberInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCallCode(error) === 'EPERM';
  }
}

/** Whether a process lives, and when it began; one that ended but was not yet collected (a zombie) counts as dead. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity> {
  if (!isNumberInUse(pid)) return DEAD;
  try {
    if (process.platform === 'linux') return await identifyOnLinux(pid);
    if (process.platform !== 'win32') return await identifyByPs(pid);
  } catch {
    return { isAlive: isNumberInUse(pid), startedAt: null };
  }
  return { isAlive: true, startedAt: null };
}

async function identifyOnLinux(pid: number): Promise<ProcessIdentity> {
  const [status, boot] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
  ]);
  // proc_pid_stat(5): the name (field 2) may hold blanks and brackets; field 3 is the state, field 22 the start.
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return DEAD;
  return { isAlive: true, startedAt: `${boot.trim()}/${fields[19]}` };
}

async function identifyByPs(pid: number): Promise<ProcessIdentity> {
  const { stdout } = await run('ps', ['-o', 'state=,lstart=', '-p', String(pid)]);
  const [state = '', ...start] = stdout.trim().split(/\s+/);
  return state.startsWith('Z') ? DEAD : { isAlive: true, startedAt: start.join(' ') };
}

/** Whether a process is a server that runs on this very cluster folder under this user id; false when that can't be seen. */
export async function isServerOf(server: { pid: number; cluster: string; uid: number }): Promise<boolean> {
  if (!(await identifyProcess(server.pid)).isAlive) return false;
  try {
    if (process.platform === 'linux') {
      const [owner, folder] = await Promise.all([stat(`/proc/${server.pid}`), readlink(`/proc/${server.pid}/cwd`)]);
      // The server's working folder is its cluster folder.
      return owner.uid === server.uid && folder === server.cluster;
    }
    const { stdout } = await run('ps', ['-ww', '-o', 'uid=,command=', '-p', String(server.pid)]);
    const [, uid, command = ''] = /^\s*(\d+)\s+(.*)$/s.exec(stdout) ?? [];
    return Number(uid) === server.uid && command.includes('postgres') && command.includes(server.cluster);
  } catch {
    return false;
  }
}

/** Every process of a cluster that runs under this user id: its server and what that began. Empty where that can't be seen. */
export async function findServersOf(cluster: { cluster: string; uid: number }): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const isTheirs = await Promise.all(pids.map((pid) => isServerOf({ ...cluster, pid })));
  return pids.filter((_, index) => isTheirs[index]);
}
