import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSigningKeys } from '../../src/session/access-token/signing-keys.js';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.js';
import { newRefreshTokenSecret } from '../support/gateway-pair.js';
import { type MainRun, makeTestFolder, runMain, type TestFolder } from '../support/main-run.js';
import { ageKeys, storedKeys } from '../support/signing-keys-of.js';
import { createDatabaseOfOwn, type TestDatabase } from '../support/test-database.js';

const secrets = [newRefreshTokenSecret(), newRefreshTokenSecret()] as const;

let folder: TestFolder;
let database: TestDatabase;
let proxy: DatabaseProxy | null = null;
beforeAll(async () => {
  folder = await makeTestFolder();
  database = await createDatabaseOfOwn();
});
afterAll(async () => {
  await proxy?.close();
  await database.drop();
  await folder.remove();
});

const runs: MainRun[] = [];
const gatehouse = async (command: string, environment: Record<string, string> = {}): Promise<MainRun> => {
  const settings = { DATABASE_URL: database.url, KEY_ENCRYPTION_KEYS: secrets[0], ...environment };
  const run = await runMain(command.split(' '), settings, { cwd: folder.path });
  runs.push(run);
  return run;
};
const json = ({ stdout }: MainRun) => JSON.parse(stdout);

describe('gatehouse keys', () => {
  it('lists, rotates and revokes, for people and for programs', async () => {
    expect(await gatehouse('keys list')).toMatchObject({ code: 0, stdout: expect.stringContaining('no key yet') });
    // The first signs at once, as nothing else could.
    const first = json(await gatehouse('keys rotate --json'));
    expect(first).toEqual({ made: true, kid: expect.any(String), activatesAt: expect.any(String) });
    const second = json(await gatehouse('keys rotate --json'));
    expect(Date.parse(second.activatesAt) - Date.now()).toBeGreaterThan(590_000);
    expect(await gatehouse('keys rotate')).toMatchObject({ code: 0, stdout: expect.stringContaining('already') });
    await ageKeys(database, 601);
    const third = json(await gatehouse('keys rotate --json'));
    const listed = json(await gatehouse('keys list --json'));
    expect(listed.keys.map(({ kid, state }: { kid: string; state: string }) => [kid, state])).toEqual([
      [third.kid, 'upcoming'],
      [second.kid, 'active'],
      [first.kid, 'verifying'],
    ]);
    expect(await gatehouse(`keys revoke ${second.kid}`)).toMatchObject({
      code: 0,
      stdout: `Revoked ${second.kid}. ${third.kid} signs from now on.\n`,
    });
    await ageKeys(database, 5_000);
    const lines = (await gatehouse('keys list')).stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^kid +state +activates +verifies until +under$/);
    const stateOf = (kid: string) => lines.find((line) => line.startsWith(kid))?.split(/ +/)[1];
    expect([third.kid, second.kid, first.kid].map(stateOf)).toEqual(['active', 'revoked', 'retired']);
  });

  it('puts the keys under the first encryption key, and says under which one each is', async () => {
    const names = async (list: string) =>
      json(await gatehouse('keys list --json', { KEY_ENCRYPTION_KEYS: list })) as {
        encryptsUnder: string;
        keys: { state: string; encryptedUnder: string | null }[];
      };
    const rolled = `${secrets[1]},${secrets[0]}`;
    await gatehouse('keys rotate', { KEY_ENCRYPTION_KEYS: rolled });
    const { keys, encryptsUnder } = await names(rolled);
    const inUse = keys.filter(({ state }) => state !== 'retired' && state !== 'revoked');
    expect(new Set(inUse.map(({ encryptedUnder }) => encryptedUnder))).toEqual(new Set([encryptsUnder]));
    expect(keys.filter((key) => !inUse.includes(key)).map(({ encryptedUnder }) => encryptedUnder)).toEqual([
      null,
      null,
    ]);
    expect((await names(secrets[0])).encryptsUnder).not.toBe(encryptsUnder);
    expect((await gatehouse('keys list', { KEY_ENCRYPTION_KEYS: rolled })).stdout).toContain(`${encryptsUnder} *`);
  });

  it('gives up keys whose encryption key is lost, which doctor finds', async () => {
    const lost = { KEY_ENCRYPTION_KEYS: newRefreshTokenSecret() };
    const findings = async () =>
      json(await gatehouse('doctor --json', lost)).findings as { what: string; state: string }[];
    expect(await findings()).toContainEqual({ what: 'keys', state: 'fault', detail: expect.stringContaining('under') });
    for (const { kid, sealed } of await storedKeys(database)) {
      if (sealed !== null) expect((await gatehouse(`keys revoke ${kid}`, lost)).code).toBe(0);
    }
    expect(await findings()).toContainEqual({ what: 'keys', state: 'ok', detail: expect.any(String) });
  });

  it('rotates and revokes once where the answer to the commit is lost', async () => {
    proxy = await startDatabaseProxy(database.url);
    const { url, loseAnswerTo } = proxy;
    const losing = async (command: string) => {
      const lost = loseAnswerTo('COMMIT');
      const run = await gatehouse(`${command} --json`, { DATABASE_URL: url });
      await lost;
      return json(run);
    };
    const events = async () =>
      (await database.query(`SELECT id FROM gatehouse.audit_events WHERE kind LIKE 'SIGNING_KEY%'`)).length;
    const [keys, before] = [(await storedKeys(database)).length, await events()];
    const { made, kid } = await losing('keys rotate');
    expect([made, (await storedKeys(database)).length, await events()]).toEqual([true, keys + 1, before + 1]);
    expect(await losing(`keys revoke ${kid}`)).toEqual({ kind: 'revoked', successorKid: null });
    expect([(await storedKeys(database)).length, await events()]).toEqual([keys + 1, before + 2]);
  });

  it('ends with 1 at a key that never was, and where a file rules', async () => {
    expect(await gatehouse('keys revoke none')).toMatchObject({ code: 1, stdout: 'There is no key none.\n' });
    const path = `${folder.path}/keys.json`;
    await writeFile(path, generateSigningKeys());
    const before = await storedKeys(database);
    for (const command of ['keys list', 'keys rotate', 'keys revoke x']) {
      const run = await gatehouse(command, { SIGNING_KEYS_FILE: path, KEY_ENCRYPTION_KEYS: '' });
      expect([command, run.code, run.stdout]).toEqual([command, 1, expect.stringContaining('SIGNING_KEYS_FILE')]);
    }
    expect(await storedKeys(database)).toEqual(before);
  });

  it('never prints a secret', async () => {
    expect(runs.length).toBeGreaterThan(10);
    const printed = runs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    for (const secret of secrets) expect(printed).not.toContain(secret);
    for (const { sealed } of await storedKeys(database)) {
      if (sealed !== null) expect(printed).not.toContain(sealed.text);
    }
  });
});
