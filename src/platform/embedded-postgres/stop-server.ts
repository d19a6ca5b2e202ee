import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock.js';
import type { Logger } from '../logger.js';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError, systemCallCode } from './embedded-postgres-error.js';
import type { Home } from './home.js';
import { readPostmasterFile, removeSocketDir } from './postmaster-file.js';
import { findServersOf, isNumberInUse, isServerOf } from './process-identity.js';
import { runProgram } from './run-program.js';

/** PostgreSQL's fast shutdown, then its immediate one (it recovers from its log), then no choice. */
const STEPS = [
  { signal: 'SIGINT', waitMs: 5000 },
  { signal: 'SIGQUIT', waitMs: 2000 },
  { signal: 'SIGKILL', waitMs: 1000 },
] as const;
const POLL_MS = 5;

/** Ends a server that is known to be ours: gently, and by force if it does not follow. */
export async function stopServer(server: { pid: number; hasEnded(): Promise<boolean> }): Promise<void> {
  for (const { signal, waitMs } of STEPS) {
    if (await server.hasEnded()) return;
    try {
      process.kill(server.pid, signal);
    } catch (error) {
      if (systemCallCode(error) !== 'ESRCH') throw error;
    }
    const deadline = systemClock.monotonicMs() + waitMs;
    while (systemClock.monotonicMs() < deadline) {
      if (await server.hasEnded()) return;
      await sleep(POLL_MS);
    }
  }
  throw new EmbeddedPostgresError('not_started', `The embedded PostgreSQL (process ${server.pid}) does not end.`);
}

/** On Windows, where there are no signals, pg_ctl asks the server. */
export async function stopByPgCtl({ home, binaries }: { home: Home; binaries: Binaries }): Promise<void> {
  const stop = (mode: string) =>
    runProgram({
      program: binaries.pgCtl,
      args: ['stop', '-w', '-s', '-t', '5', '-m', mode, '-D', home.cluster],
      cwd: home.home,
      user: null,
    });
  await stop('fast').catch(() => stop('immediate'));
}

/**
 * Ends the server that a gateway left behind when it was killed, if there is one: only a process that is seen to be a
 * PostgreSQL on this very cluster is ever signalled. Call it with the data folder's lock held.
 */
export async function stopAbandonedServer(left: { home: Home; binaries: Binaries; log: Logger }): Promise<void> {
  const { cluster, user } = left.home;
  const file = await readPostmasterFile(cluster);
  if (file === null) return;
  if (process.platform === 'win32') {
    if (isNumberInUse(file.pid)) await stopByPgCtl(left).catch(() => undefined);
    return;
  }
  const owned = { cluster, uid: user?.uid ?? process.getuid?.() ?? -1 };
  if (await isServerOf({ ...owned, pid: file.pid })) {
    left.log.warn({ pid: file.pid }, 'stopping the embedded PostgreSQL of a gateway that was killed');
    await stopUnwatched({ ...owned, pid: file.pid });
  }
  // A server that was itself killed may leave sessions that still write.
  await Promise.all((await findServersOf(owned)).map((pid) => stopUnwatched({ ...owned, pid })));
  // PostgreSQL takes a zombie, or whatever has the number by now, for a rival and would refuse to start.
  if (isNumberInUse(file.pid)) await rm(join(cluster, 'postmaster.pid'), { force: true });
  await removeSocketDir(file.socketDir);
}

async function stopUnwatched(server: { pid: number; cluster: string; uid: number }): Promise<void> {
  await stopServer({ pid: server.pid, hasEnded: async () => !(await isServerOf(server)) });
}
