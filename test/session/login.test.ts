import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { GOOD_PASSWORD, LOGIN } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const login = (input: Record<string, unknown>) => gate.send(LOGIN, { input });

/** What a login says: AuthPayload, InvalidCredentials, or the error's extensions. */
async function outcome(email: string, password: string): Promise<unknown> {
  const { data, errors } = await login({ email, password });
  return data?.login.__typename ?? errors?.[0]?.extensions;
}

async function somebodyWith(password: string): Promise<string> {
  return (await gate.registerSomebody({ password })).email;
}

async function importHash(userId: string, passwordHash: string | null): Promise<void> {
  await gate.database.query('UPDATE gatehouse.users SET password_hash = $2 WHERE id = $1', [userId, passwordHash]);
}

describe('logging in', () => {
  it('begins another session of the same user', async () => {
    const ada = await gate.registerSomebody();
    const tokens = await gate.login(ada, { headers: { 'user-agent': 'probe/2' } });
    expect(tokens).toMatchObject({
      tokenType: 'Bearer',
      session: { current: true, userAgent: 'probe/2', ipAddress: '127.0.0.1' },
      user: ada.user,
    });
    expect(tokens.session.id).not.toBe(ada.session.id);
    expect((await gate.refresh(ada.refreshToken)).tokens).not.toBeNull();
    expect((await gate.refresh(tokens.refreshToken)).tokens).not.toBeNull();
  });

  it('takes the e-mail address in any spelling that registration takes', async () => {
    const name = `Ada.${randomUUID()}`;
    const ada = await gate.registerSomebody({ email: `${name}@Example.org` });
    for (const email of [ada.user.email, ada.email.toUpperCase(), `  ${ada.email} `, ada.email.toLowerCase()]) {
      expect([email, await outcome(email, ada.password)]).toEqual([email, 'AuthPayload']);
    }
    for (const email of [`x${ada.email}`, `${ada.email}x`, `${name}+tag@example.org`]) {
      expect([email, await outcome(email, ada.password)]).toEqual([email, 'InvalidCredentials']);
    }
  });

  it('answers a malformed e-mail address with BAD_USER_INPUT, and hashes and records nothing', async () => {
    const hashings = gate.gateway.hashings();
    // But for the mail to whoever registered, which is written later.
    const inTrail = "SELECT count(*) FROM gatehouse.audit_events WHERE kind <> 'LINK_MAILED'";
    const events = await gate.database.query(inTrail);
    for (const email of ['', 'ada', 'a@x', 'a@x.io,b@y.io', 'a\uff20x.io', '"e@evil"@v.com', 'a@x.io\r\nbcc: b@y.io']) {
      const expected = { code: 'BAD_USER_INPUT', argument: ['input', 'email'] };
      expect([email, await outcome(email, GOOD_PASSWORD)]).toEqual([email, expected]);
    }
    expect(gate.gateway.hashings()).toBe(hashings);
    expect(await gate.database.query(inTrail)).toEqual(events);
  });

  it('is InvalidCredentials for a disabled user, and works again once they are not', async () => {
    const ada = await gate.registerSomebody();
    const disable = (at: string) =>
      gate.database.query(`UPDATE gatehouse.users SET disabled_at = ${at} WHERE id = $1`, [ada.user.id]);
    await disable('now()');
    expect(await outcome(ada.email, ada.password)).toBe('InvalidCredentials');
    const sessions = await gate.database.query('SELECT id FROM gatehouse.refresh_sessions WHERE user_id = $1', [
      ada.user.id,
    ]);
    expect(sessions).toHaveLength(1);
    await disable('NULL');
    expect(await outcome(ada.email, ada.password)).toBe('AuthPayload');
  });
});

describe('the password at login', () => {
  it('W3: counts past its 72nd byte', async () => {
    const head = 'seventy-two bytes are what bcrypt reads, so here are seventy-two of them';
    expect(Buffer.byteLength(head)).toBe(72);
    const email = await somebodyWith(`${head}X`);
    expect(await outcome(email, `${head}Y`)).toBe('InvalidCredentials');
    expect(await outcome(email, head)).toBe('InvalidCredentials');
    expect(await outcome(email, `${head}X`)).toBe('AuthPayload');
  });

  it('W4: counts past its 36th two-byte character', async () => {
    const head = 'éàüößñøåçîôâêëïÿžšđłćńśźżąęėįųūőűřťď';
    expect([[...head].length, Buffer.byteLength(head)]).toEqual([36, 72]);
    const email = await somebodyWith(`${head}a`);
    expect(await outcome(email, `${head}b`)).toBe('InvalidCredentials');
    expect(await outcome(email, `${head}ab`)).toBe('InvalidCredentials');
    expect(await outcome(email, head)).toBe('InvalidCredentials');
    expect(await outcome(email, `${head}a`)).toBe('AuthPayload');
  });

  it("W5: is nobody's with a NUL in it", async () => {
    const email = await somebodyWith('abcdefgh ijklmn');
    for (const password of ['abcdefgh ijklmn\0', 'abcdefgh ijklmn\0xyz', '\0abcdefgh ijklmn', '\0']) {
      expect([password, await outcome(email, password)]).toEqual([password, 'InvalidCredentials']);
    }
  });

  it('W6: is the same composed and decomposed (NFC), and not the same in compatibility forms', async () => {
    const composed = 'crème brûlée à la française'.normalize('NFC');
    const decomposed = composed.normalize('NFD');
    expect(decomposed).not.toBe(composed);
    for (const [set, used] of [
      [composed, decomposed],
      [decomposed, composed],
    ] as const) {
      expect(await outcome(await somebodyWith(set), used)).toBe('AuthPayload');
    }
    expect(await outcome(await somebodyWith(composed), 'creme brulee a la francaise')).toBe('InvalidCredentials');
    const ligature = 'ﬁnding the ﬁgs at ﬁve';
    expect(await outcome(await somebodyWith(ligature), ligature.normalize('NFKC'))).toBe('InvalidCredentials');
  });

  it('W7: counts spaces around it, and case', async () => {
    const password = ' Spaces count, Case counts ';
    const email = await somebodyWith(password);
    for (const other of [
      password.trim(),
      password.trimEnd(),
      `${password} `,
      password.toLowerCase(),
      password.toUpperCase(),
    ]) {
      expect([other, await outcome(email, other)]).toEqual([other, 'InvalidCredentials']);
    }
    expect(await outcome(email, password)).toBe('AuthPayload');
  });
});

describe('a password hash that was brought along', () => {
  it.each(['2a', '2b', '2y'])('logs in as plain $%s$ bcrypt, and with the right password only', async (variant) => {
    const ada = await gate.registerSomebody();
    await importHash(ada.user.id, hashSync('short one', 4).replace(/^\$2[aby]\$/, `$${variant}$`));
    expect(await outcome(ada.email, 'short one')).toBe('AuthPayload');
    expect(await outcome(ada.email, 'short two')).toBe('InvalidCredentials');
    expect(await outcome(ada.email, ada.password)).toBe('InvalidCredentials');
  });

  it('W3: is matched by no password of more than 72 bytes, of which plain bcrypt would see the first only', async () => {
    const ada = await gate.registerSomebody();
    const head = 'a'.repeat(72);
    await importHash(ada.user.id, hashSync(head, 4));
    expect(await outcome(ada.email, head)).toBe('AuthPayload');
    expect(await outcome(ada.email, `${head}b`)).toBe('InvalidCredentials');
  });

  it('is not taken for a password, nor for nothing', async () => {
    const ada = await gate.registerSomebody();
    const passwordHash = hashSync('short one', 4);
    await importHash(ada.user.id, passwordHash);
    expect(await outcome(ada.email, passwordHash)).toBe('InvalidCredentials');
    await importHash(ada.user.id, '');
    expect(await outcome(ada.email, '')).toBe('InvalidCredentials');
    await importHash(ada.user.id, null);
    expect(await outcome(ada.email, '')).toBe('InvalidCredentials');
  });
});
