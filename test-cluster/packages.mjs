// Debian's packages of a replicated PostgreSQL, downloaded and unpacked into a folder, and not installed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** Patroni before 3.0.3 lets a primary that was stalled take its lock back, and loses data: 3.0.2 is in Debian 12. */
const PATRONI_SUITE = 'trixie';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

const PACKAGES = [
  'etcd-server',
  'haproxy',
  'liblua5.3-0',
  'libopentracing-c-wrapper0',
  'libopentracing1',
  'python3-cdiff',
  'python3-click',
  'python3-dateutil',
  'python3-dnspython',
  'python3-etcd',
  'python3-prettytable',
  'python3-psutil',
  'python3-psycopg2',
  'python3-six',
  'python3-urllib3',
  'python3-wcwidth',
  'python3-yaml',
];

/** @returns the folder they were unpacked into, and that of PostgreSQL's programs. Throws where they can't be had. */
export function unpackPackages(folder) {
  const root = join(folder, 'root');
  const installed = newestPostgres('/usr/lib/postgresql');
  if (!existsSync(join(folder, 'complete'))) {
    mkdirSync(join(folder, 'debs'), { recursive: true });
    const postgres = installed === null ? postgresPackages() : [];
    download(folder, [...PACKAGES, ...postgres], []);
    download(folder, ['patroni'], newerSuite(folder));
    for (const name of readdirSync(join(folder, 'debs')).filter((one) => one.endsWith('.deb'))) {
      execFileSync('dpkg-deb', ['-x', join(folder, 'debs', name), root], { stdio: 'pipe' });
    }
    writeFileSync(join(folder, 'complete'), '');
  }
  const binaries = installed ?? newestPostgres(join(root, 'usr/lib/postgresql'));
  if (binaries === null) throw new Error('no PostgreSQL among the packages');
  return { root, binaries };
}

function newestPostgres(base) {
  const versions = existsSync(base) ? readdirSync(base).map(Number).filter(Number.isInteger) : [];
  const folders = versions.sort((one, other) => other - one).map((version) => join(base, String(version), 'bin'));
  return (
    folders.find((path) => ['postgres', 'pg_rewind', 'pg_basebackup'].every((name) => existsSync(join(path, name)))) ??
    null
  );
}

/** The server of this Debian, whichever version that is. */
function postgresPackages() {
  const text = execFileSync('apt-cache', ['depends', 'postgresql'], { encoding: 'utf8' });
  const server = /Depends: (postgresql-\d+)/.exec(text)?.[1];
  if (server === undefined) throw new Error('apt knows no PostgreSQL');
  return [server, server.replace('postgresql-', 'postgresql-client-'), 'libpq5'];
}

function download(folder, packages, options) {
  execFileSync('apt-get', [...options, 'download', '-qq', ...packages], { cwd: join(folder, 'debs'), stdio: 'pipe' });
}

/** Where this machine gets Debian's own packages. */
function archive() {
  const targets = execFileSync('apt-get', ['indextargets', '--format', '$(LABEL) $(REPO_URI)'], { encoding: 'utf8' });
  const uri = /^Debian (\S+)$/m.exec(targets)?.[1];
  if (uri === undefined) throw new Error('apt knows no archive of Debian');
  return uri;
}

/** Lists of a newer Debian beside those of this machine, which stay as they are. */
function newerSuite(folder) {
  const lists = join(folder, 'lists');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  mkdirSync(join(folder, 'cache/archives/partial'), { recursive: true });
  const sources = join(folder, 'sources.list');
  writeFileSync(sources, `deb [signed-by=${KEYRING}] ${archive()} ${PATRONI_SUITE} main\n`);
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': lists,
    'Dir::Cache': join(folder, 'cache'),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  execFileSync('apt-get', [...options, '-qq', 'update'], { stdio: 'pipe', env: process.env });
  return options;
}
