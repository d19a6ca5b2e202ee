// The tests of sessions with pgbouncer in transaction mode between the gateways and their database. Where there is no
// pgbouncer, nothing is tested, and one line says so.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** Debian keeps it where only root looks for programs. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];

const program = FOLDERS.map((folder) => join(folder, 'pgbouncer')).find((path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});
if (program === undefined) {
  process.stdout.write(
    'Not tested behind a pooler: pgbouncer is not installed here (Debian: apt-get install pgbouncer).\n',
  );
} else {
  const { status } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url)),
      '--config',
      fileURLToPath(new URL('./jest.config.mjs', import.meta.url)),
      '--runInBand',
      ...process.argv.slice(2),
    ],
    { stdio: 'inherit', env: { ...process.env, GATEHOUSE_TEST_PGBOUNCER: program } },
  );
  process.exitCode = status ?? 1;
}
