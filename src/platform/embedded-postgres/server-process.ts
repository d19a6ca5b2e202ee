import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock.js';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError, faultOfOutput, systemCallCode } from './embedded-postgres-error.js';
import type { Home } from './home.js';
import { readPostmasterFile } from './postmaster-file.js';
import { identifyProcess } from './process-identity.js';
import { runProgram, spawnFailure, spawnOptions } from './run-program.js';

/** A server that this process has started. */
export interface ServerProcess {
  pid: number;
  hasEnded(): Promise<boolean>;
  /** Settles when the server ends, wanted or not; never where that can't be watched (Windows). */
  ended: Promise<void>;
}

/** Long, as a server that was not shut down well first repeats what its log holds. */
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 10;
const LOG_TAIL_CHARS = 2000;

interface ServerStart {
  home: Home;
  binaries: Binaries;
  logFile: string;
  settings: Record<string, string>;
}

/**
 * Starts a server and waits until it takes connections. It is in a process group of its own, so a terminal's Ctrl-C does
 * not reach it; what it prints goes to the log file alone.
 *
 * @throws {EmbeddedPostgresError} with the end of the log, if it does not come up.
 */
export async function startServer(start: ServerStart): Promise<ServerProcess> {
  const options = Object.entries(start.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  await rename(start.logFile, `${start.logFile}.1`).catch((error: unknown) => {
    if (systemCallCode(error) !== 'ENOENT') throw error;
  });
  if (process.platform === 'win32') return startByPgCtl({ ...start, options });
  const child = await spawnServer({ ...start, options });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const deadline = systemClock.monotonicMs() + START_TIMEOUT_MS;
  for (;;) {
    const file = await readPostmasterFile(start.home.cluster);
    if (file?.pid === child.pid && file?.isReady) break;
    if (hasEnded()) throw faultOfOutput({ program: 'postgres', output: await logTail(start.logFile) });
    if (systemClock.monotonicMs() > deadline) {
      child.kill('SIGQUIT');
      throw new EmbeddedPostgresError('not_started', `PostgreSQL did not come up in time; see ${start.logFile}.`);
    }
    await sleep(POLL_MS);
  }
  return { pid: child.pid ?? 0, hasEnded: async () => hasEnded(), ended };
}

async function spawnServer(start: ServerStart & { options: string[] }): Promise<ChildProcess> {
  const { home, binaries } = start;
  // Exclusive, so that no link laid there is followed: the folder may be another user's while we are root.
  const log = await open(
    start.logFile,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND,
    0o600,
  );
  try {
    if (home.user !== null) await log.chown(home.user.uid, home.user.gid);
    const child = spawn(binaries.postgres, ['-D', home.cluster, ...start.options], {
      ...spawnOptions({ cwd: home.home, user: home.user }),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise<void>((done, fail) => {
      child.once('spawn', done);
      child.once('error', (error) => fail(spawnFailure({ program: binaries.postgres, error })));
    });
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

/** On Windows only pg_ctl can drop an administrator's rights, which PostgreSQL refuses to have. */
async function startByPgCtl(start: ServerStart & { options: string[] }): Promise<ServerProcess> {
  const { home, binaries, logFile } = start;
  await rm(logFile, { force: true });
  const options = start.options.map((option) => `"${option}"`).join(' ');
  await runProgram({
    program: binaries.pgCtl,
    args: ['start', '-w', '-s', '-D', home.cluster, '-l', logFile, '-o', options],
    cwd: home.home,
    user: null,
  });
  const file = await readPostmasterFile(home.cluster);
  if (file === null) throw faultOfOutput({ program: 'postgres', output: await logTail(logFile) });
  const hasEnded = async () => !(await identifyProcess(file.pid)).isAlive;
  return { pid: file.pid, hasEnded, ended: new Promise(() => undefined) };
}

async function logTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.slice(-LOG_TAIL_CHARS);
}
