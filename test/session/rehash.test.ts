import { afterAll, beforeAll, expect, it } from '@jest/globals';
import bcrypt from 'bcryptjs';
import { GOOD_PASSWORD, LOGIN } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const OURS = /^\$bcrypt-sha256\$v=2,t=2b,r=4\$/;

async function setHash(userId: string, passwordHash: string): Promise<void> {
  await gate.database.query('UPDATE gatehouse.users SET password_hash = $2 WHERE id = $1', [userId, passwordHash]);
}

async function stored(userId: string): Promise<{ hash: string; version: number }> {
  const [row] = await gate.database.query<{ hash: string; version: number }>(
    'SELECT password_hash AS hash, password_version AS version FROM gatehouse.users WHERE id = $1',
    [userId],
  );
  if (row === undefined) throw new Error('no user');
  return row;
}

const imported = (cost = 4) => bcrypt.hashSync(GOOD_PASSWORD, cost);
const isOurs = (userId: string) => async () => OURS.test((await stored(userId)).hash);

it('replaces an imported bcrypt hash once a login has shown the password, and the password stays the same', async () => {
  const person = await gate.registerSomebody();
  await setHash(person.user.id, imported());
  await gate.login(person);
  await waitUntil('the hash is ours', isOurs(person.user.id));
  expect((await stored(person.user.id)).version).toBe(1);
  await gate.login(person);
  expect((await gate.refresh(person.refreshToken)).tokens).not.toBeNull();
});

it('replaces a hash of another cost, and leaves one of ours alone', async () => {
  const [person, other] = await Promise.all([gate.registerSomebody(), gate.registerSomebody()]);
  const before = await stored(other.user.id);
  await setHash(person.user.id, imported(5));
  await gate.login(person);
  await waitUntil('the hash is ours', isOurs(person.user.id));
  const { hash } = await stored(person.user.id);
  await gate.login(person);
  await gate.login(other);
  await gate.login(person);
  expect(await stored(person.user.id)).toEqual({ hash, version: 1 });
  expect(await stored(other.user.id)).toEqual(before);
});

it('leaves the hash alone where the password was wrong', async () => {
  const person = await gate.registerSomebody();
  const hash = imported();
  await setHash(person.user.id, hash);
  const before = gate.gateway.hashings();
  await gate.send(LOGIN, { input: { email: person.email, password: 'another long passphrase' } });
  await gate.login(await gate.registerSomebody());
  expect((await stored(person.user.id)).hash).toBe(hash);
  expect(gate.gateway.hashings() - before).toBe(3);
});

it('turns nobody away who was being checked against the old hash', async () => {
  const person = await gate.registerSomebody();
  for (let round = 0; round < 10; round += 1) {
    await setHash(person.user.id, imported());
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => gate.send(LOGIN, { input: { email: person.email, password: GOOD_PASSWORD } })),
    );
    expect(answers.map(({ data }) => data.login.__typename)).toEqual(Array(4).fill('AuthPayload'));
    await waitUntil('the hash is ours', isOurs(person.user.id));
  }
});

it('takes the place of the hash that was checked, and of no other', async () => {
  const { createUserRepository } = await import('../../src/user/user.repository.js');
  const { createDatabase } = await import('../../src/platform/database/database.js');
  const { createDataSource } = await import('../../src/data-source.js');
  const options = { url: gate.database.url, schema: 'gatehouse', poolMax: 1, isPooled: false, hasTimeouts: false };
  const dataSource = await createDataSource(options).initialize();
  const users = createUserRepository({ database: createDatabase({ dataSource, ...options }) });
  const { user } = await gate.registerSomebody();
  const { hash } = await stored(user.id);
  expect(await users.replacePasswordHash({ userId: user.id, from: imported(), to: 'x' })).toBe(false);
  expect((await stored(user.id)).hash).toBe(hash);
  await dataSource.destroy();
});
