import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { EmbeddedPostgresError, faultOfOutput, systemCallCode } from './embedded-postgres-error.js';
import type { Owner } from './private-file.js';

const OUTPUT_KEPT_MAX = 4000;

/** How a program of PostgreSQL is to be run: as `user`, in a folder which that user can enter. */
export interface ProgramRun {
  program: string;
  args: readonly string[];
  cwd: string;
  user: Owner | null;
}

/** Options of `spawn`: the operating user's identity, and no settings of the surroundings (PGDATA, PGOPTIONS, LD_LIBRARY_PATH). */
export function spawnOptions(run: { cwd: string; user: Owner | null }) {
  return {
    cwd: run.cwd,
    windowsHide: true,
    // With TZ given, initdb need not compare some hundred time zones. Windows programs can't do without their surroundings.
    ...(process.platform === 'win32' ? {} : { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } }),
    ...(run.user === null ? {} : { uid: run.user.uid, gid: run.user.gid }),
  };
}

/** Says why a program could not even be begun. */
export function spawnFailure({ program, error }: { program: string; error: Error }): EmbeddedPostgresError {
  const code = systemCallCode(error);
  if (code === 'ENOENT' || code === 'ENOEXEC') {
    return new EmbeddedPostgresError(
      'unsupported_platform',
      `The embedded PostgreSQL can't run on this system (${program}: ${code}); on Linux it needs glibc. Set DATABASE_URL.`,
      { cause: error },
    );
  }
  return new EmbeddedPostgresError(
    'no_permission',
    `${program} can't be run (${code ?? error.message}). Start as an ordinary user, or set DATABASE_URL.`,
    { cause: error },
  );
}

/**
 * Runs a program of PostgreSQL to its end.
 *
 * @throws {EmbeddedPostgresError} with the end of what it printed, if it fails.
 */
export async function runProgram(run: ProgramRun): Promise<void> {
  const child = spawn(run.program, run.args, { ...spawnOptions(run), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_KEPT_MAX);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  await new Promise<void>((done, fail) => {
    child.once('error', (error) => fail(spawnFailure({ program: run.program, error })));
    child.once('close', (code) => {
      if (code === 0) done();
      else fail(faultOfOutput({ program: basename(run.program), output }));
    });
  });
}
