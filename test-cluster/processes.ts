import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Who the programs of the cluster run as: PostgreSQL refuses to be root. */
export interface Account {
  uid: number;
  gid: number;
}

/** Starts a program whose words go to a file. */
export async function startProgram(start: {
  program: string;
  args: string[];
  logFile: string;
  environment: Record<string, string>;
  account: Account | null;
  cwd: string;
}): Promise<ChildProcess> {
  const log = await open(start.logFile, 'a');
  try {
    const child = spawn(start.program, start.args, {
      cwd: start.cwd,
      env: start.environment,
      stdio: ['ignore', log.fd, log.fd],
      ...(start.account ?? {}),
    });
    await once(child, 'spawn');
    return child;
  } finally {
    await log.close();
  }
}

/** Ends a program that was started here, and waits for that. */
export async function endProgram(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** The processes of the server on a data folder: itself first, then its sessions. */
export async function serverProcesses(dataDir: string): Promise<number[]> {
  const text = await readFile(`${dataDir}/postmaster.pid`, 'utf8').catch(() => '');
  const postmaster = Number(text.split('\n')[0]);
  if (!(postmaster > 0)) return [];
  const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(postmaster)]).catch(() => ({ stdout: '' }));
  return [
    postmaster,
    ...stdout
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0),
  ];
}

/** Signals processes; one that is gone needs no signal. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone.
    }
  }
}
