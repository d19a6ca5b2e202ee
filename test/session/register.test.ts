import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GOOD_PASSWORD, LOGIN, REGISTER } from '../support/graphql-client.js';
import { lockTable } from '../support/table-gate.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const AT_ONCE = 20;
const NOBODY = '00000000-0000-0000-0000-000000000000';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ DATABASE_POOL_MAX: String(AT_ONCE), HASH_QUEUE_MAX: '100' });
});
afterAll(() => gate.close());

const register = (input: Record<string, unknown>, headers: Record<string, string> = {}) =>
  gate.send(REGISTER, { input }, { headers });
const newEmail = () => `${randomUUID()}@example.org`;

async function accountsOf(email: string): Promise<{ email: string; users: number; sessions: number }[]> {
  return gate.database.query(
    `SELECT e.email, count(DISTINCT u.id)::int AS users, count(s.id)::int AS sessions
     FROM gatehouse.user_emails e LEFT JOIN gatehouse.users u ON u.id = e.user_id
     LEFT JOIN gatehouse.refresh_sessions s ON s.user_id = u.id
     WHERE lower(e.email) = lower($1) GROUP BY e.email`,
    [email],
  );
}

async function totals(): Promise<Record<string, unknown>[]> {
  return gate.database.query(`SELECT (SELECT count(*)::int FROM gatehouse.users) AS users,
    (SELECT count(*)::int FROM gatehouse.user_emails) AS emails,
    (SELECT count(*)::int FROM gatehouse.refresh_sessions) AS sessions`);
}

describe('registering', () => {
  it('O4: finds no account in a new database', async () => {
    expect(await totals()).toEqual([{ users: 0, emails: 0, sessions: 0 }]);
  });

  it('makes an account without roles, unverified, and signs it in', async () => {
    const email = newEmail();
    const { status, data } = await register({ email, password: GOOD_PASSWORD });
    expect(status).toBe(200);
    expect(data.register).toMatchObject({
      __typename: 'AuthPayload',
      tokenType: 'Bearer',
      session: { current: true },
      user: { email, emailVerified: false, roles: [] },
    });
    const me = await gate.me(data.register.accessToken);
    expect(me.data.me).toEqual(data.register.user);
    expect((await gate.refresh(data.register.refreshToken)).tokens?.user.id).toBe(data.register.user.id);
  });

  it('keeps the password as a bcrypt-sha256 hash of the cost that is set, and nowhere in clear', async () => {
    const { user } = await gate.registerSomebody();
    const [row] = await gate.database.query<{ password_hash: string }>(
      'SELECT password_hash FROM gatehouse.users WHERE id = $1',
      [user.id],
    );
    expect(row?.password_hash).toMatch(/^\$bcrypt-sha256\$v=2,t=2b,r=4\$[./A-Za-z0-9]{22}\$[./A-Za-z0-9]{31}$/);
    const other = await gate.registerSomebody();
    const hashes = await gate.database.query('SELECT DISTINCT password_hash FROM gatehouse.users WHERE id = ANY($1)', [
      [user.id, other.user.id],
    ]);
    expect(hashes).toHaveLength(2);
  });

  it('I1: makes one account of twenty registrations at once, in any spelling; the rest are EmailTaken', async () => {
    await Promise.all(Array.from({ length: AT_ONCE }, () => gate.registerSomebody()));
    const name = randomUUID();
    const table = await lockTable({ url: gate.database.url, table: 'gatehouse.user_emails' });
    const spellings = [`${name}@x.io`, `${name.toUpperCase()}@x.io`, `${name}@X.IO`, ` ${name}@x.io `];
    const answers = Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) =>
        register({ email: spellings[index % spellings.length], password: `${GOOD_PASSWORD} ${index}` }),
      ),
    );
    await table.waiting(AT_ONCE);
    await table.release();
    const outcomes = (await answers).map(({ data, text }) => data?.register.__typename ?? text);
    expect(outcomes.filter((outcome) => outcome === 'AuthPayload')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'EmailTaken')).toHaveLength(AT_ONCE - 1);
    expect(await accountsOf(`${name}@x.io`)).toEqual([{ email: `${name}@x.io`, users: 1, sessions: 1 }]);
    const winner = (await answers).findIndex(({ data }) => data.register.__typename === 'AuthPayload');
    const credential = { email: `${name}@x.io`, password: `${GOOD_PASSWORD} ${winner}` };
    expect((await gate.login(credential)).user.email).toBe(`${name}@x.io`);
  });

  it('I1: says EmailTaken to a later registration, and leaves the account as it was', async () => {
    const ada = await gate.registerSomebody();
    const { data, headers } = await register({ email: ada.email.toUpperCase(), password: 'another long passphrase' });
    expect(data.register).toEqual({ __typename: 'EmailTaken', message: expect.any(String) });
    expect((await gate.login(ada)).user.id).toBe(ada.user.id);
    const wrong = await gate.send(LOGIN, { input: { email: ada.email, password: 'another long passphrase' } });
    expect(wrong.data.login.__typename).toBe('InvalidCredentials');
    const events = await gate.database.query(
      'SELECT kind, cause, user_id FROM gatehouse.audit_events WHERE request_id = $1',
      [headers.get('x-request-id')],
    );
    expect(events).toEqual([{ kind: 'REGISTRATION_REFUSED', cause: 'EMAIL_TAKEN', user_id: NOBODY }]);
  });

  it('keeps the user agent, cut at 512 characters, and the address, once for the session', async () => {
    const userAgent = `probe/1 ${'x'.repeat(600)}`;
    const { session } = await gate.registerSomebody({ headers: { 'user-agent': userAgent } });
    const facts = await gate.database.query(
      'SELECT user_agent, ip_address FROM gatehouse.refresh_sessions WHERE id = $1',
      [session.id],
    );
    expect(facts).toEqual([{ user_agent: userAgent.slice(0, 512), ip_address: '127.0.0.1' }]);
    expect(session).toMatchObject({ userAgent: userAgent.slice(0, 512), ipAddress: '127.0.0.1' });
  });

  it('B3: takes the address from forwarding headers only behind a trusted proxy', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9', forwarded: 'for=203.0.113.9' };
    const plain = await gate.registerSomebody({ headers });
    expect(plain.session).toMatchObject({ ipAddress: '127.0.0.1' });
    const config = { ...gate.parts.config, trustedProxies: ['loopback'] };
    const behind = await gate.startSibling({ config });
    try {
      expect((await behind.registerSomebody({ headers })).session).toMatchObject({ ipAddress: '203.0.113.9' });
    } finally {
      await behind.gateway.close();
    }
  });

  it('C4: refuses cookie delivery to what is no page, before anything is hashed or stored', async () => {
    const email = newEmail();
    const before = gate.gateway.hashings();
    for (const [operation, document] of [
      ['register', REGISTER],
      ['login', LOGIN],
    ] as const) {
      const answer = await gate.send(document, { input: { email, password: GOOD_PASSWORD, tokenDelivery: 'COOKIE' } });
      expect([operation, answer.errors?.[0]?.extensions]).toEqual([
        operation,
        { code: 'FORBIDDEN', reason: 'ORIGIN_NOT_ALLOWED' },
      ]);
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    expect(gate.gateway.hashings()).toBe(before);
    expect(await accountsOf(email)).toEqual([]);
  });

  it('C6: sets no cookie where the tokens travel in the body', async () => {
    const input = { email: newEmail(), password: GOOD_PASSWORD, tokenDelivery: 'BODY' };
    // An allowed page, too, and one that bears a cookie.
    const headers = { origin: 'http://localhost:5173', cookie: 'gatehouse-refresh=x' };
    const registered = await gate.send(REGISTER, { input }, { headers });
    const loggedIn = await gate.send(LOGIN, { input }, { headers });
    for (const payload of [registered.data.register, loggedIn.data.login]) {
      expect(payload).toMatchObject({ __typename: 'AuthPayload', refreshToken: expect.any(String) });
    }
    const refresh = await gate.refresh(registered.data.register.refreshToken, { headers });
    expect(refresh.tokens?.refreshToken).toEqual(expect.any(String));
    for (const { headers } of [registered, loggedIn, refresh]) expect(headers.get('set-cookie')).toBeNull();
  });
});

describe('the e-mail address at registration', () => {
  const refusedEmails = [
    ['I3', ['a\uff20x.io', 'a\ufe6bx.io', 'a\uff20b@x.io']],
    [
      'I5',
      ['a@x,b@y', 'a@x.io,b@y.io', '"e@evil"@v.com', '"e"@v.com', 'a(c)@v.com', 'a@v.com(c)', 'a@b@v.com', '<a@v.com>'],
    ],
    ['I5', ['a@localhost', 'a@127.0.0.1', 'a@[127.0.0.1]', '', ' ', '@', 'a@', '@x.io', 'a@a\u00adb.com', 'ä@x.io']],
  ] as const;

  it.each(refusedEmails)('%s: refuses what two readers could take for two addresses: %j', async (_id, emails) => {
    const before = await totals();
    const hashings = gate.gateway.hashings();
    for (const email of emails) {
      const { errors, text } = await register({ email, password: GOOD_PASSWORD });
      const extensions = { code: 'BAD_USER_INPUT', argument: ['input', 'email'] };
      expect([email, errors?.[0]?.extensions]).toEqual([email, extensions]);
      if (email.length > 2) expect(text).not.toContain(email);
    }
    expect(await totals()).toEqual(before);
    expect(gate.gateway.hashings()).toBe(hashings);
  });

  it('I5: is one account, whichever way its international domain is written', async () => {
    const name = `n${randomUUID()}`;
    const { user } = await gate.registerSomebody({ email: `${name}@bücher.de` });
    expect(user.email).toBe(`${name}@xn--bcher-kva.de`);
    const { data } = await register({ email: `${name}@XN--BCHER-KVA.DE`, password: GOOD_PASSWORD });
    expect(data.register.__typename).toBe('EmailTaken');
    const tokens = await gate.login({ email: `${name}@BÜCHER.de`, password: GOOD_PASSWORD });
    expect(tokens.user.id).toBe(user.id);
  });
});

describe('two gateways on one database', () => {
  it('I1: make one account of registrations that reach both at once', async () => {
    const sibling = await gate.startSibling();
    try {
      const email = newEmail();
      const table = await lockTable({ url: gate.database.url, table: 'gatehouse.user_emails' });
      const clients = [gate, sibling];
      const answers = Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          clients[index % 2]?.send(REGISTER, { input: { email, password: GOOD_PASSWORD } }),
        ),
      );
      await table.waiting(10);
      await table.release();
      const outcomes = (await answers).map((answer) => answer?.data?.register.__typename).sort();
      expect(outcomes).toEqual(['AuthPayload', ...Array.from({ length: 9 }, () => 'EmailTaken')]);
      expect(await accountsOf(email)).toEqual([{ email, users: 1, sessions: 1 }]);
    } finally {
      await sibling.gateway.close();
    }
  });
});
