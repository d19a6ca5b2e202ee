// Builds a replicated PostgreSQL on this machine, breaks it under load, and audits. Where its packages can't be had,
// nothing is tested, and one line says so.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { unpackPackages } from './packages.mjs';

/** Not in this folder: the account that PostgreSQL runs as has to get there, too. */
const FOLDER = process.env.GATEHOUSE_CLUSTER_PACKAGES ?? '/var/tmp/gatehouse-cluster-packages';

function packages() {
  try {
    if (process.platform !== 'linux') throw new Error('this is not Linux');
    mkdirSync(FOLDER, { recursive: true });
    chmodSync(FOLDER, 0o755);
    return unpackPackages(FOLDER);
  } catch (error) {
    const why = String(error.stderr ?? error.message)
      .trim()
      .split('\n')[0];
    process.stdout.write(`Not tested on a replicated database: its Debian packages can't be had here (${why}).\n`);
    return null;
  }
}

const found = packages();
if (found !== null) {
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
    {
      stdio: 'inherit',
      env: { ...process.env, GATEHOUSE_CLUSTER_ROOT: found.root, GATEHOUSE_CLUSTER_POSTGRES: found.binaries },
    },
  );
  process.exitCode = status ?? 1;
}
