import { chown, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../random.js';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import type { Home } from './home.js';
import { readTextFile, writePrivateFile } from './private-file.js';
import { runProgram } from './run-program.js';

/** The role that owns everything in an embedded server, and its database. */
export const ROLE_NAME = 'gatehouse';

const PASSWORD_FILE = 'postgres-password';
const PASSWORD_BYTES = 32;

/**
 * Makes the cluster on the first start, or finds it; returns the role's password. The password is drawn once and kept in a
 * file of mode 0600 in the data folder. An interrupted first start leaves nothing that a second would trip over.
 *
 * @throws {EmbeddedPostgresError} `wrong_version` if the cluster is of another PostgreSQL, `password_missing`.
 */
export async function prepareCluster(first: {
  home: Home;
  binaries: Binaries;
  random: Random;
  isDurable: boolean;
}): Promise<{ password: string }> {
  const { home, binaries } = first;
  const version = await readTextFile(join(home.cluster, 'PG_VERSION'));
  if (version !== null && version !== binaries.majorVersion) throw wrongVersion({ home, version, binaries });
  const path = join(home.dataDir, PASSWORD_FILE);
  const kept = await readTextFile(path);
  if (kept !== null && kept !== '') {
    if (version === null) await initialise({ ...first, password: kept });
    return { password: kept };
  }
  if (version !== null) throw passwordMissing({ path, cluster: home.cluster });
  const password = first.random.bytes(PASSWORD_BYTES).toString('base64url');
  await writePrivateFile({ path, text: `${password}\n`, owner: home.user && (await lstat(home.dataDir)) });
  await initialise({ ...first, password });
  return { password };
}

async function initialise(first: {
  home: Home;
  binaries: Binaries;
  isDurable: boolean;
  password: string;
}): Promise<void> {
  const { home, user } = first.home;
  const draft = join(home, 'postgres.new');
  // initdb reads the password from a file, as the operating user, who can't read root's.
  const passwordFile = join(home, 'postgres-password.initdb');
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  if (user !== null) await chown(draft, user.uid, user.gid);
  try {
    await writePrivateFile({ path: passwordFile, text: `${first.password}\n`, owner: user });
    await runProgram({
      program: first.binaries.initdb,
      args: initdbArgs({ ...first, draft, passwordFile }),
      cwd: home,
      user,
    });
    await rename(draft, first.home.cluster);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

function initdbArgs(first: { draft: string; passwordFile: string; isDurable: boolean }): string[] {
  return [
    `--pgdata=${first.draft}`,
    `--username=${ROLE_NAME}`,
    `--pwfile=${first.passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
    ...(first.isDurable ? [] : ['--no-sync']),
  ];
}

function wrongVersion(found: { home: Home; version: string; binaries: Binaries }): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'wrong_version',
    `${found.home.cluster} was made by PostgreSQL ${found.version}, this is PostgreSQL ${found.binaries.majorVersion}. ` +
      'Dump it with the Gatehouse that made it and load it here, choose another GATEHOUSE_DATA_DIR, or delete the data folder.',
  );
}

function passwordMissing(found: { path: string; cluster: string }): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'password_missing',
    `${found.path} is missing: without it the database in ${found.cluster} can't be opened. Put the file back, or delete ` +
      'the data folder.',
  );
}
