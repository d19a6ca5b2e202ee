import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGIN, REGISTER } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

/** So many code points that no list of passwords knows. */
const passwordOf = (length: number) =>
  'correct horse battery staple mends '
    .repeat(8)
    .slice(0, length - 1)
    .concat('!');

/** What registration says of a password. */
async function verdict(password: string, email = `${randomUUID()}@x.io`, to: Pick<TestGateway, 'send'> = gate) {
  const answer = await to.send(REGISTER, { input: { email, password } });
  const { __typename: kind, reasons, message } = answer.data?.register ?? {};
  return kind === 'WeakPassword' ? { kind, reasons, message } : (kind ?? answer.errors?.[0]?.extensions);
}

async function canLogIn({ email, password }: { email: string; password: string }): Promise<boolean> {
  const { data } = await gate.send(LOGIN, { input: { email, password } });
  return data.login.__typename === 'AuthPayload';
}

const weak = (...reasons: string[]) => ({ kind: 'WeakPassword', reasons, message: expect.any(String) });

describe('a password at registration', () => {
  it('W1: has at least 15 code points, of any plane', async () => {
    expect(await verdict(passwordOf(14))).toEqual(weak('TOO_SHORT'));
    expect(await verdict(passwordOf(15))).toBe('AuthPayload');
    const faces = ['😀', '🙈', '🐌', '🎷', '🪐', '🧵', '🥝', '🚲', '⛵', '🕯', '🧊', '🪁', '🦔', '🎈', '🌵'];
    expect(await verdict(faces.slice(0, 14).join(''))).toEqual(weak('TOO_SHORT'));
    expect(await verdict(faces.join(''))).toBe('AuthPayload');
    expect(await verdict('')).toEqual(weak('TOO_SHORT'));
  });

  it('W1: may have as few as PASSWORD_MIN_LENGTH says', async () => {
    const short = await gate.startSibling({ config: { ...gate.parts.config, passwordMinLength: 8 } });
    try {
      expect(await verdict('kq7 vz!', undefined, short)).toEqual(weak('TOO_SHORT'));
      expect(await verdict('kq7 vz!m', undefined, short)).toBe('AuthPayload');
    } finally {
      await short.gateway.close();
    }
  });

  it('W2: has at most 256 code points, and may have 64', async () => {
    for (const length of [64, 256]) {
      const credential = { email: `${randomUUID()}@x.io`, password: passwordOf(length) };
      expect([length, await verdict(credential.password, credential.email)]).toEqual([length, 'AuthPayload']);
      expect(await canLogIn(credential)).toBe(true);
    }
    expect(await verdict(passwordOf(257))).toEqual(weak('TOO_LONG'));
    expect(await verdict('😀🙈🐌🎷'.repeat(64))).toBe('AuthPayload');
    expect(await verdict(`${'😀🙈🐌🎷'.repeat(64)}🐌`)).toEqual(weak('TOO_LONG'));
  });

  it('W2: may be of spaces, emoji, any script and all of printable ASCII', async () => {
    const ascii = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
    const family = '👩‍👩‍👧‍👦 and a 🦔 at dusk';
    for (const password of [
      ascii,
      family,
      '  two  spaces  here  ',
      'пароль длиною в ночь',
      '合言葉は山と川です何度でも言おう',
    ]) {
      const credential = { email: `${randomUUID()}@x.io`, password };
      expect([password, await verdict(password, credential.email)]).toEqual([password, 'AuthPayload']);
      expect([password, await canLogIn(credential)]).toEqual([password, true]);
    }
  });

  it('W5: is refused with a NUL in it, so that nothing can be cut there', async () => {
    const malformed = { code: 'BAD_USER_INPUT', argument: ['input', 'password'] };
    expect(await verdict('abcdefgh ijklmn\0def')).toEqual(malformed);
    expect(await verdict(`\0${passwordOf(20)}`)).toEqual(malformed);
    expect(await verdict(`${passwordOf(20)}\0`)).toEqual(malformed);
  });

  it('W8: is refused where it is commonly used, alone, repeated or padded', async () => {
    for (const password of [
      'passwordpassword',
      'PASSWORDPassword',
      'password12345678',
      'qwertyuiopasdfgh',
      '123456789012345',
    ]) {
      expect([password, await verdict(password)]).toEqual([password, weak('COMMON')]);
    }
    expect(await verdict('password')).toEqual(weak('TOO_SHORT', 'COMMON'));
  });

  it("W8: is refused where it is little more than the product's name", async () => {
    for (const password of ['gatehousegatehouse', 'GateHouse 123456', 'gatehouse password', 'Gatehouse2026!!!']) {
      expect([password, await verdict(password)]).toEqual([password, weak('COMMON')]);
    }
  });

  it("W8: is refused with the address's local part of 4 or more characters in it, in any case", async () => {
    const name = `u${randomUUID().slice(0, 7)}`;
    const withName = `mends ${name.toUpperCase()} horses`;
    expect(await verdict(withName, `${name}@x.io`)).toEqual(weak('CONTAINS_EMAIL'));
    expect(await verdict(withName, ` ${name.toUpperCase()}@x.io`)).toEqual(weak('CONTAINS_EMAIL'));
    expect(await verdict('mends ada horses at dusk', 'ada@x.io')).toBe('AuthPayload');
    expect(await verdict('mends adam horses at dusk', 'adam@x.io')).toEqual(weak('CONTAINS_EMAIL'));
  });

  it('names every reason at once, stores nothing and hashes nothing', async () => {
    const hashings = gate.gateway.hashings();
    expect(await verdict('password', 'password@x.io')).toEqual(weak('TOO_SHORT', 'COMMON', 'CONTAINS_EMAIL'));
    expect(gate.gateway.hashings()).toBe(hashings);
    expect(await gate.database.query("SELECT 1 FROM gatehouse.user_emails WHERE email = 'password@x.io'")).toEqual([]);
  });

  it('tells of a weak password of a taken address no more than of a free one', async () => {
    const ada = await gate.registerSomebody();
    expect(await verdict('short', ada.email)).toEqual(await verdict('short'));
  });

  it('W9: of a megabyte, twenty times at once, is refused before hashing, and others are served', async () => {
    const hashings = gate.gateway.hashings();
    const body = JSON.stringify({
      query: REGISTER,
      variables: { input: { email: 'w9@x.io', password: 'x'.repeat(1024 * 1024) } },
    });
    const statusOf = async () => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(`${gate.url}/graphql`, { method: 'POST', headers, body })).status;
    };
    const [me, ...statuses] = await Promise.all([gate.me(), ...Array.from({ length: 20 }, statusOf)]);
    expect(me.data).toEqual({ me: null });
    expect(new Set(statuses)).toEqual(new Set([413]));
    expect(gate.gateway.hashings()).toBe(hashings);
  });

  it('W9: as long as a body may be is refused before hashing, and is no password of anybody', async () => {
    const ada = await gate.registerSomebody();
    const hashings = gate.gateway.hashings();
    for (const length of [257, 4_096, 90_000]) {
      const password = 'long '.repeat(length).slice(0, length);
      expect(await verdict(password)).toEqual(weak('TOO_LONG'));
      expect(await canLogIn({ email: ada.email, password })).toBe(false);
    }
    expect(gate.gateway.hashings()).toBe(hashings);
  });
});
