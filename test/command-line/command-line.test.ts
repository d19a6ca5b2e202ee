import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type MainRun, makeTestFolder, runMain, type TestFolder } from '../support/main-run.js';
import { createDatabaseOfOwn, type TestDatabase } from '../support/test-database.js';

const PASSWORD = 'a-canary-in-the-database-url';

let folder: TestFolder;
let database: TestDatabase;
beforeAll(async () => {
  folder = await makeTestFolder();
  database = await createDatabaseOfOwn();
});
afterAll(async () => {
  await database.drop();
  await folder.remove();
});

const gatehouse = (command: string, environment: Record<string, string> = {}): Promise<MainRun> =>
  runMain(
    command.split(' ').filter(Boolean),
    { DATABASE_URL: database.url, GATEHOUSE_DATA_DIR: folder.dataDir('command-line'), ...environment },
    { cwd: folder.path },
  );
const json = ({ stdout }: MainRun) => JSON.parse(stdout);

describe('the command line', () => {
  it('helps: with all, with a group, with one command', async () => {
    const all = await gatehouse('--help');
    expect(all).toMatchObject({ code: 0, stderr: '' });
    for (const name of ['start', 'migrate run', 'migrate revert', 'migrate status', 'schema print', 'doctor']) {
      expect(all.stdout).toContain(`gatehouse ${name}`);
      const one = await gatehouse(`${name} --help`);
      expect(one.code).toBe(0);
      expect(one.stdout).toContain(`gatehouse ${name} [--json]`);
    }
    const group = await gatehouse('migrate -h');
    expect(group.stdout).toContain('migrate status');
    expect(group.stdout).not.toContain('doctor');
  });

  it.each(['serve', 'migrate', 'migrate up', 'migrate run twice', '--verbose', 'doctor --yaml'])(
    'ends with 2 at "%s", having done nothing',
    async (command) => {
      const { code, stdout, stderr } = await gatehouse(command);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/gatehouse/);
    },
  );

  it('migrates up, down and up again, and says what has run', async () => {
    const names = json(await gatehouse('migrate status --json')).ran as string[];
    expect(names.length).toBeGreaterThan(0);
    for (const name of [...names].reverse()) {
      expect(json(await gatehouse('migrate revert --json'))).toEqual({ reverted: name });
    }
    expect(await gatehouse('migrate status')).toMatchObject({ code: 1, stderr: '' });
    expect(json(await gatehouse('migrate status --json'))).toEqual({ ran: [], pending: names });
    expect(json(await gatehouse('migrate revert --json'))).toEqual({ reverted: null });
    expect(json(await gatehouse('migrate run --json'))).toEqual({ ran: names });
    expect(await gatehouse('migrate run')).toMatchObject({ code: 0, stdout: 'The tables were up to date.\n' });
    expect(await gatehouse('migrate status')).toMatchObject({ code: 0 });
  });

  it('prints the schema that is committed', async () => {
    const committed = await readFile('schema/schema.graphql', 'utf8');
    expect((await gatehouse('schema print')).stdout).toBe(committed);
    expect(json(await gatehouse('schema print --json'))).toEqual({ sdl: committed });
  });

  it('checks the settings and touches nothing, and never prints a secret', async () => {
    const url = `postgresql://gatehouse:${PASSWORD}@127.0.0.1:1/none`;
    const good = await gatehouse('config check --json', { DATABASE_URL: url });
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(json(good)).toMatchObject({ faults: [], rules: 'development', database: 'DATABASE_URL' });
    const bad = {
      DATABASE_URL: url,
      PORT: 'x',
      REFRESH_TOKEN_SECRETS: PASSWORD,
      NODE_ENV: 'production',
      SMTP_URL: 'none',
    };
    const faulty = await gatehouse('config check --json', bad);
    expect(faulty.code).toBe(1);
    expect(json(faulty).faults).toEqual([
      expect.stringContaining('PORT'),
      expect.stringContaining('REFRESH_TOKEN_SECRETS'),
      expect.any(String),
    ]);
    for (const { stdout, stderr } of [
      good,
      faulty,
      await gatehouse('config check', bad),
      await gatehouse('doctor', bad),
    ]) {
      expect(stdout + stderr).not.toContain(PASSWORD);
    }
  });

  it('finds what keeps a gateway from starting', async () => {
    const findings = async (environment: Record<string, string>) => {
      const run = await gatehouse('doctor --json', environment);
      const list = json(run).findings as { what: string; state: string }[];
      return { code: run.code, faults: list.filter(({ state }) => state === 'fault').map(({ what }) => what) };
    };
    expect(await findings({})).toEqual({ code: 0, faults: [] });
    expect(await findings({ PORT: 'x' })).toEqual({ code: 1, faults: ['settings'] });
    expect(await findings({ DATABASE_URL: 'postgresql://x:y@127.0.0.1:1/z' })).toEqual({
      code: 1,
      faults: ['database'],
    });
    const none = { SIGNING_KEYS_FILE: `${folder.path}/none.json` };
    expect(await findings(none)).toEqual({ code: 1, faults: ['secrets'] });
  });

  it('tells a fault in JSON, too, where it is asked for', async () => {
    const run = await gatehouse('migrate status --json', { DATABASE_URL: 'postgresql://x:y@127.0.0.1:1/z' });
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(run.stderr)).toEqual({ fault: expect.stringContaining('ECONNREFUSED') });
  });
});
