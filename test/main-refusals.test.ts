import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSigningKeys } from '../src/session/access-token/signing-keys.js';
import { type MainRun, makeTestFolder, runMain, type TestFolder } from './support/main-run.js';
import { ageKeys } from './support/signing-keys-of.js';
import { createDatabaseOfOwn, type TestDatabase } from './support/test-database.js';

let folder: TestFolder;
let database: TestDatabase;
let listener: Server;
let takenPort: string;
beforeAll(async () => {
  folder = await makeTestFolder();
  database = await createDatabaseOfOwn();
  listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  takenPort = String((listener.address() as { port: number }).port);
});
afterAll(async () => {
  listener.close();
  await database.drop();
  await folder.remove();
});

const CANARY = 'cAnArY7hQ2';

/** A run that ended with 1, said why in a few words, and nothing of what only programmers or nobody should see. */
function expectRefusal({ code, signal, stdout, stderr }: MainRun, reason: RegExp): void {
  expect({ code, signal, stderr }).toEqual({ code: 1, signal: null, stderr: expect.stringMatching(reason) });
  expect(stdout).not.toContain('serves');
  expect(stdout + stderr).not.toContain(CANARY);
  expect(stderr).not.toMatch(/^\s+at .+:\d+:\d+/m);
}

const start = (environment: Record<string, string>) =>
  runMain([], { DATABASE_URL: database.url, GATEHOUSE_DATA_DIR: join(folder.path, 'secrets'), ...environment });

const databaseUrl = (change: (url: URL) => void) => {
  const url = new URL(database.url);
  change(url);
  return url.href;
};

describe('a start that can not be', () => {
  it('O1: names every missing setting in production, and touches nothing', async () => {
    const dataDir = folder.dataDir('never');
    const run = await runMain([], { NODE_ENV: 'production', PORT: 'x', GATEHOUSE_DATA_DIR: dataDir });
    expectRefusal(run, /DATABASE_URL[\s\S]*REFRESH_TOKEN_SECRETS[\s\S]*SIGNING_KEYS_FILE/);
    expect(run.stderr).toMatch(/PORT must be/);
    await expect(readFile(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('O2: follows the rules of production on a host that is not loopback', async () => {
    expectRefusal(await runMain([], { HOST: '0.0.0.0' }), /DATABASE_URL must be set in production/);
  });

  it('O1: refuses a short secret without repeating it', async () => {
    expectRefusal(
      await start({ REFRESH_TOKEN_SECRETS: CANARY.slice(0, 8) + CANARY }),
      /REFRESH_TOKEN_SECRETS secret 1/,
    );
  });

  it('says that the port is taken', async () => {
    expectRefusal(await start({ PORT: takenPort }), new RegExp(`^Port ${takenPort} is taken`));
    expectRefusal(await start({ METRICS_PORT: takenPort }), new RegExp(`^Port ${takenPort} is taken.*METRICS_PORT`));
  });

  it('says that the host is none of this machine', async () => {
    expectRefusal(await start({ HOST: '192.0.2.1', NODE_ENV: 'development' }), /^HOST is no address of this machine/);
  });

  it('says that the database does not answer, or refuses', async () => {
    const unreachable = `postgresql://gatehouse:${CANARY}@127.0.0.1:1/gatehouse`;
    const wrongPassword = databaseUrl((url) => {
      url.password = CANARY;
    });
    const missing = databaseUrl((url) => {
      url.pathname = '/there_is_none';
    });
    const gone = `postgresql://gatehouse:${CANARY}@db:5432/x?host=${encodeURIComponent(join(folder.path, 'no-socket'))}`;
    const runs = await Promise.all(
      [unreachable, wrongPassword, missing, gone].map((url) => start({ DATABASE_URL: url })),
    );
    const reasons = [
      /does not answer: ECONNREFUSED/,
      /refuses the user or the password/,
      /no such database/,
      /does not answer: ENOENT/,
    ];
    for (const [index, reason] of reasons.entries()) {
      expectRefusal(runs[index] as MainRun, reason);
      expect(runs[index]?.stderr.trim().split('\n')).toHaveLength(1);
    }
  });

  it('D8: says which file of signing keys is missing or can not be used, and quotes nothing of it', async () => {
    const keys = JSON.parse(generateSigningKeys()) as { keys: { d: string }[] };
    const files: [name: string, text: string | null][] = [
      ['missing.json', null],
      ['garbage.json', `{ ${CANARY}`],
      ['empty.json', ''],
      ['none.json', '{"keys":[]}'],
      ['other.json', JSON.stringify({ keys: [{ ...keys.keys[0], d: CANARY }] })],
      ['twice.json', JSON.stringify({ keys: [...keys.keys, ...keys.keys] })],
    ];
    const runs = files.map(async ([name, text]) => {
      const path = join(folder.path, name);
      if (text !== null) await writeFile(path, text);
      return { name, run: await start({ SIGNING_KEYS_FILE: path }) };
    });
    for (const { name, run } of await Promise.all(runs)) expectRefusal(run, new RegExp(name));
    expectRefusal(await start({ SIGNING_KEYS_FILE: folder.path }), /SIGNING_KEYS_FILE .*EISDIR/);
  });

  it('D8: refuses kept secrets that were emptied or cut, rather than making others', async () => {
    const dataDir = join(folder.path, 'cut');
    const own = await createDatabaseOfOwn();
    const kept = { GATEHOUSE_DATA_DIR: dataDir, DATABASE_URL: own.url };
    expectRefusal(await start({ ...kept, PORT: takenPort }), /is taken/);
    for (const name of ['refresh-token-secret', 'key-encryption-key']) {
      const secretFile = join(dataDir, name);
      const secret = await readFile(secretFile, 'utf8');
      for (const text of ['', secret.slice(0, 20)]) {
        await writeFile(secretFile, text);
        expectRefusal(await start(kept), new RegExp(`${name} holds no secret`));
      }
      await writeFile(secretFile, secret);
    }
    await own.drop();
  });

  it('refuses keys in the database that it can not open, says which, and leaves them as they are', async () => {
    const own = await createDatabaseOfOwn();
    const withKey = (secret: string) => start({ DATABASE_URL: own.url, KEY_ENCRYPTION_KEYS: secret, PORT: takenPort });
    const [right, wrong] = [1, 2].map(() => randomBytes(32).toString('base64url')) as [string, string];
    expectRefusal(await withKey(right), /is taken/);
    // A rotation is due: who can't open the keys must not make one either.
    await ageKeys(own, 40 * 86_400);
    const rows = await own.query<{ kid: string }>('SELECT * FROM gatehouse.signing_keys');
    const run = await withKey(wrong);
    expectRefusal(run, new RegExp(`can not be opened[\\s\\S]*${rows[0]?.kid}, encrypted under [0-9a-f]{8}\n`));
    expect(run.stderr).not.toContain(wrong);
    expect(await own.query('SELECT * FROM gatehouse.signing_keys')).toEqual(rows);
    expectRefusal(await withKey(`${wrong},${right}`), /is taken/);
    await own.drop();
  });

  it('starts in production with all that it asks for', async () => {
    const keysFile = join(folder.path, 'keys.json');
    await writeFile(keysFile, generateSigningKeys());
    const complete = {
      NODE_ENV: 'production',
      REFRESH_TOKEN_SECRETS: randomBytes(32).toString('base64url'),
      SIGNING_KEYS_FILE: keysFile,
      SMTP_URL: 'none',
    };
    expectRefusal(await start({ ...complete, PORT: takenPort }), /is taken/);
    const { SIGNING_KEYS_FILE: _none, ...rest } = complete;
    const inDatabase = { ...rest, KEY_ENCRYPTION_KEYS: randomBytes(32).toString('base64url') };
    const own = await createDatabaseOfOwn();
    expectRefusal(await start({ ...inDatabase, DATABASE_URL: own.url, PORT: takenPort }), /is taken/);
    await own.drop();
  });
});
