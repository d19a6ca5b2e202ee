import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GOOD_PASSWORD, LOGIN, REFRESH, SESSIONS } from '../support/graphql-client.js';
import { holdSession, openConnection, untilWaiting } from '../support/lock-step.js';
import { openPage, PLAIN_NAME, signedInPage } from '../support/page.js';
import { auditOf, INVALID_GRANT, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const IDLE_SECONDS = 604_800;
const TOKEN = /^ghr_[A-Za-z0-9_-]{96}$/;
const NO_TOKEN = { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' };

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ DATABASE_POOL_MAX: '22' });
});
afterAll(() => gate.close());

const newEmail = () => `${randomUUID()}@example.org`;
const keeping = (token: string, seconds = IDLE_SECONDS) => [
  `${PLAIN_NAME}=${token}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Strict`,
];

describe('signing in by cookie', () => {
  it('C5: register, login and refreshToken set the cookie, and no refresh token is in the body', async () => {
    const email = newEmail();
    const page = openPage(gate);
    const registered = await page.register({ email });
    const loggedIn = await page.login({ email, password: GOOD_PASSWORD });
    const refresh = await page.refresh();
    const answers = [registered.data.register, loggedIn.data.login, refresh.data.refreshToken];
    for (const payload of answers) expect(payload).toMatchObject({ refreshToken: null, user: { email } });
    for (const { setCookies, text, headers } of [registered, loggedIn, refresh]) {
      expect(setCookies).toHaveLength(1);
      const token = setCookies[0]?.split(/[=;]/)[1] ?? '';
      expect(token).toMatch(TOKEN);
      expect(setCookies).toEqual(keeping(token));
      expect(text).not.toContain('ghr_');
      expect(headers.get('cache-control')).toBe('no-store');
    }
    expect(refresh.data.refreshToken.session.id).toBe(loggedIn.data.login.session.id);
    expect(new Set([registered, loggedIn, refresh].map(({ setCookies }) => setCookies[0])).size).toBe(3);
  });

  it('C5: in production the name has the prefix __Host-, and Secure is set, whatever PUBLIC_URL says', async () => {
    const production = {
      NODE_ENV: 'production',
      DATABASE_URL: gate.database.url,
      REFRESH_TOKEN_SECRETS: randomBytes(32).toString('base64url'),
      SIGNING_KEYS_FILE: '/nowhere',
      SMTP_URL: 'none',
      ALLOWED_ORIGINS: 'http://localhost:5173',
    };
    for (const PUBLIC_URL of ['https://auth.example.org', 'http://auth.example.org', '']) {
      const secure = await startTestGateway({ ...production, PUBLIC_URL });
      try {
        const page = openPage(secure);
        await page.register({ email: newEmail() });
        const { setCookies } = await page.refresh();
        const [pair = '', ...attributes] = setCookies[0]?.split('; ') ?? [];
        expect(pair).toMatch(/^__Host-gatehouse-refresh=ghr_[A-Za-z0-9_-]{96}$/);
        expect(attributes).toEqual([`Max-Age=${IDLE_SECONDS}`, 'Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']);
        // The name that development on http has is nobody's here.
        page.jar = `${PLAIN_NAME}=${page.token()}`;
        expect((await page.refresh()).error).toEqual(NO_TOKEN);
      } finally {
        await secure.close();
      }
    }
  });

  it.each([
    ['strict', 'https://auth.example.org', '__Host-gatehouse-refresh', ['HttpOnly', 'Secure', 'SameSite=Strict']],
    ['lax', 'https://auth.example.org', '__Host-gatehouse-refresh', ['HttpOnly', 'Secure', 'SameSite=Lax']],
    ['none', 'https://auth.example.org', '__Host-gatehouse-refresh', ['HttpOnly', 'Secure', 'SameSite=None']],
    ['lax', 'http://localhost:4000', PLAIN_NAME, ['HttpOnly', 'SameSite=Lax']],
  ])('C5: COOKIE_SAME_SITE=%s with PUBLIC_URL %s in development', async (sameSite, publicUrl, name, attributes) => {
    const other = await startTestGateway({ COOKIE_SAME_SITE: sameSite, PUBLIC_URL: publicUrl });
    try {
      const { setCookies } = await openPage(other).register({ email: newEmail() });
      const [pair = '', ...rest] = setCookies[0]?.split('; ') ?? [];
      expect(pair.split('=')[0]).toBe(name);
      expect(rest).toEqual([`Max-Age=${IDLE_SECONDS}`, 'Path=/', ...attributes]);
    } finally {
      await other.close();
    }
  });

  it('C5: no failure sets a cookie', async () => {
    const ada = await gate.registerSomebody();
    const page = openPage(gate);
    const failures = [
      await page.login({ ...ada, password: 'not the password at all' }),
      await page.login({ email: 'malformed', password: GOOD_PASSWORD }),
      await page.register(ada),
      await page.register({ email: newEmail(), password: 'short' }),
      await page.register({ email: 'malformed' }),
      await page.refresh(),
      await page.send('mutation { login(input: { email: 1, password: "x", tokenDelivery: COOKIE }) { __typename } }'),
    ];
    expect(failures.map(({ data, error }) => error?.code ?? (data.login ?? data.register).__typename)).toEqual([
      'InvalidCredentials',
      'BAD_USER_INPUT',
      'EmailTaken',
      'WeakPassword',
      'BAD_USER_INPUT',
      'UNAUTHENTICATED',
      'GRAPHQL_VALIDATION_FAILED',
    ]);
    expect(failures.flatMap(({ setCookies }) => setCookies)).toEqual([]);
  });

  it('C5: the cookie goes out where other fields fail, and the last of several that set it counts', async () => {
    const ada = await gate.registerSomebody();
    const page = openPage(gate);
    const input = { email: ada.email, password: ada.password, tokenDelivery: 'COOKIE' };
    const failsInside = `mutation ($input: LoginInput!) {
      login(input: $input) { __typename ... on AuthPayload { refreshToken } }
      ignored: __typename
      logout
      endOtherSessions
    }`;
    const partly = await page.send(failsInside, { input });
    expect(partly.errors?.map(({ extensions }) => extensions.reason)).toEqual(['NO_TOKEN']);
    expect(partly.setCookies).toEqual(keeping(page.token()));

    const refreshesThenLeaves = await page.send('mutation { refreshToken { tokenType } logout }');
    expect(refreshesThenLeaves.data).toEqual({ refreshToken: { tokenType: 'Bearer' }, logout: true });
    expect(refreshesThenLeaves.setCookies).toEqual([`${PLAIN_NAME}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict`]);
  });
});

describe('refreshing by cookie', () => {
  it('R1: twenty at once rotate once, and all set the same cookie', async () => {
    const { page, payload } = await signedInPage(gate, await gate.registerSomebody());
    const pages = Array.from({ length: 20 }, () => Object.assign(openPage(gate), { jar: page.jar }));
    const gatekeeper = await openConnection(gate.database);
    await holdSession(gatekeeper, payload.session.id);
    const sent = pages.map((each) => each.refresh());
    await untilWaiting(gate.database, 20);
    await gatekeeper.query('COMMIT');
    const answers = await Promise.all(sent);
    await gatekeeper.close();
    const successor = pages[0]?.token() ?? '';
    expect(successor).not.toBe(page.token());
    for (const { setCookies, data } of answers) {
      expect(setCookies).toEqual(keeping(successor));
      expect(data.refreshToken.refreshToken).toBeNull();
    }
    expect(await sessionRow(gate.database, payload.session.id)).toMatchObject({ generation: 1 });
  });

  it('R5: in the grace window and for a lost answer, the cookie is that of the current token, its life what is left', async () => {
    const { page, payload } = await signedInPage(gate, await gate.registerSomebody());
    const spent = page.jar;
    await page.refresh();
    const current = page.token();
    for (const [waitSeconds, leftSeconds] of [
      [10, IDLE_SECONDS - 10],
      [590, IDLE_SECONDS - 600],
    ] as const) {
      gate.clock.advance(waitSeconds);
      page.jar = spent;
      expect((await page.refresh()).setCookies).toEqual(keeping(current, leftSeconds));
    }
    expect(await sessionRow(gate.database, payload.session.id)).toMatchObject({
      generation: 1,
      late_answers_in_row: 1,
    });
  });

  it('R6: a reused token ends its session, and neither that refusal nor a later one sets or clears a cookie', async () => {
    const { page, payload } = await signedInPage(gate, await gate.registerSomebody());
    const spent = page.jar;
    await page.refresh();
    await page.refresh();
    const current = page.jar;
    for (const jar of [spent, current, `${PLAIN_NAME}=nonsense`, `${PLAIN_NAME}=`, `${PLAIN_NAME}="${page.token()}"`]) {
      page.jar = jar;
      const { error, setCookies } = await page.refresh();
      expect([jar, error, setCookies]).toEqual([jar, INVALID_GRANT, []]);
    }
    expect(await auditOf(gate.database, payload.session.id)).toEqual(['SESSION_ENDED REUSE']);
  });

  it('D1: where a refresh fails on our side, the cookie stays, and works afterwards', async () => {
    const { page, payload } = await signedInPage(gate, await gate.registerSomebody());
    await gate.database.query('ALTER TABLE gatehouse.refresh_sessions RENAME TO elsewhere');
    const failed = await page.refresh();
    await gate.database.query('ALTER TABLE gatehouse.elsewhere RENAME TO refresh_sessions');
    expect(failed).toMatchObject({ error: { code: 'INTERNAL_SERVER_ERROR' }, setCookies: [] });
    expect((await page.refresh()).data.refreshToken.session.id).toBe(payload.session.id);
  });

  it('R8: the cookie never outlives the absolute end', async () => {
    const brief = await startTestGateway({
      SESSION_IDLE_TTL_SECONDS: '1000',
      SESSION_ABSOLUTE_TTL_SECONDS: '1500',
    });
    try {
      const { page } = await signedInPage(brief, await brief.registerSomebody());
      brief.clock.advance(900);
      expect((await page.refresh()).setCookies).toEqual(keeping(page.token(), 600));
      brief.clock.advance(600);
      expect(await page.refresh()).toMatchObject({ error: INVALID_GRANT, setCookies: [] });
    } finally {
      await brief.close();
    }
  });

  it('C4: a token is good only the way it was delivered', async () => {
    const ada = await gate.registerSomebody();
    const { page, payload } = await signedInPage(gate, ada);
    expect((await gate.refresh(page.token())).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    const bodyToken = Object.assign(openPage(gate), { jar: `${PLAIN_NAME}=${ada.refreshToken}` });
    expect(await bodyToken.refresh()).toMatchObject({ error: INVALID_GRANT, setCookies: [] });
    for (const { session } of [ada, payload]) {
      expect(await sessionRow(gate.database, session.id)).toMatchObject({ generation: 0, revoked_at: null });
    }
  });

  it('C6: an argument beside a cookie counts: no cookie is read or set, and no origin asked for', async () => {
    const ada = await gate.registerSomebody();
    const { page, payload } = await signedInPage(gate, ada);
    const elsewhere = Object.assign(openPage(gate, 'https://evil.test'), { jar: page.jar });
    const { data, setCookies } = await elsewhere.send(REFRESH, { refreshToken: ada.refreshToken });
    expect(data.refreshToken).toMatchObject({
      refreshToken: expect.stringMatching(TOKEN),
      session: { id: ada.session.id },
    });
    expect(setCookies).toEqual([]);
    for (const refreshToken of ['', 'nonsense', page.token()]) {
      expect(await page.send(REFRESH, { refreshToken })).toMatchObject({ error: INVALID_GRANT, setCookies: [] });
    }
    expect(await sessionRow(gate.database, payload.session.id)).toMatchObject({ generation: 0, revoked_at: null });
  });
});

describe('the cookie of a session', () => {
  it('C4: authenticates nothing: with it alone, every other field is anonymous', async () => {
    const { page, payload } = await signedInPage(gate, await gate.registerSomebody());
    expect((await page.send('{ me { id } }')).text).toBe('{"data":{"me":null}}\n');
    for (const operation of [
      SESSIONS,
      `mutation { endSession(id: "${payload.session.id}") }`,
      'mutation { endOtherSessions }',
      'mutation { logoutEverywhere }',
    ]) {
      expect(await page.send(operation)).toMatchObject({ error: NO_TOKEN, setCookies: [] });
    }
    expect(await sessionRow(gate.database, payload.session.id)).toMatchObject({ generation: 0, revoked_at: null });
  });

  it('C6: changes nothing for requests that have no use for it, whatever their origin', async () => {
    const ada = await gate.registerSomebody();
    const { page, payload } = await signedInPage(gate, ada);
    for (const origin of ['https://evil.test', null]) {
      const elsewhere = Object.assign(openPage(gate, origin), { jar: page.jar });
      const { accessToken } = payload;
      const me = await elsewhere.send('{ me { email } }', {}, { accessToken });
      expect([me.data.me.email, me.setCookies]).toEqual([ada.email, []]);
      const login = await elsewhere.send(LOGIN, { input: { email: ada.email, password: ada.password } });
      expect([login.data.login.refreshToken, login.setCookies]).toEqual([expect.stringMatching(TOKEN), []]);
    }
    expect(await sessionRow(gate.database, payload.session.id)).toMatchObject({ revoked_at: null });
  });

  it('C5: counts only alone: of two that differ none is used, wherever the other came from', async () => {
    const attacker = await signedInPage(gate, await gate.registerSomebody());
    const victim = await signedInPage(gate, await gate.registerSomebody());
    const [own, planted] = [victim.page.jar ?? '', attacker.page.jar ?? ''];
    for (const cookie of [
      `${planted}; ${own}`,
      `${own}; ${planted}`,
      `${own}; ${PLAIN_NAME}=`,
      `${own}; x=1; ${own}1`,
    ]) {
      gate.logLines.length = 0;
      const { error, setCookies, headers } = await victim.page.refresh({ headers: { cookie } });
      expect([cookie, error, setCookies]).toEqual([cookie, NO_TOKEN, []]);
      const warnings = gate.logLines.filter((line) => line.includes('refresh_cookie_ambiguous'));
      expect(warnings.map((line) => JSON.parse(line))).toEqual([
        expect.objectContaining({ level: 'warn', count: 2, requestId: headers.get('x-request-id') }),
      ]);
      expect(gate.logLines.join('')).not.toContain('ghr_');
    }
    for (const { payload } of [attacker, victim]) {
      expect(await sessionRow(gate.database, payload.session.id)).toMatchObject({ generation: 0, revoked_at: null });
    }
    // The same one twice is one; names that only look like ours are none.
    const lookalikes = `=${PLAIN_NAME}=${attacker.page.token()}; ${PLAIN_NAME.toUpperCase()}=x; __Host-${PLAIN_NAME}=x`;
    const { data } = await victim.page.refresh({ headers: { cookie: `${lookalikes}; ${own}; ${own}` } });
    expect(data.refreshToken.session.id).toBe(victim.payload.session.id);
  });

  it('C5: is warned of once a request, however many fields read it', async () => {
    const page = Object.assign(openPage(gate), { jar: `${PLAIN_NAME}=a; ${PLAIN_NAME}=b` });
    gate.logLines.length = 0;
    await page.send('mutation { one: logout two: logout refreshToken { tokenType } }');
    expect(gate.logLines.filter((line) => line.includes('refresh_cookie_ambiguous'))).toHaveLength(1);
  });

  it('H2: a Cookie header of 5 KB is refused with ours in it, too', async () => {
    const { page, payload } = await signedInPage(gate, await gate.registerSomebody());
    const cookie = `${page.jar}; big=${'a'.repeat(5_000)}`;
    expect(await page.refresh({ headers: { cookie } })).toMatchObject({ status: 431, setCookies: [] });
    expect(await sessionRow(gate.database, payload.session.id)).toMatchObject({ generation: 0 });
  });
});
