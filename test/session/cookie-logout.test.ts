import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGOUT } from '../support/graphql-client.js';
import { openPage, PLAIN_NAME, signedInPage } from '../support/page.js';
import { auditOf, INVALID_GRANT, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const CLEARED = [`${PLAIN_NAME}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict`];

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const isLive = async (sessionId: string) => (await sessionRow(gate.database, sessionId)).revoked_at === null;

/** Two people: one signed in by cookie in a page, one in the body, whose access token comes along. */
async function scene() {
  const { page, payload } = await signedInPage(gate, await gate.registerSomebody());
  const bearer = await gate.registerSomebody();
  return {
    page,
    payload,
    bearer,
    lives: async () => [await isLive(payload.session.id), await isLive(bearer.session.id)],
  };
}

describe('logout by cookie', () => {
  it("C9: ends the cookie's session and clears the cookie with the attributes that it was set with", async () => {
    const { page, payload, bearer, lives } = await scene();
    const { jar } = page;
    const answer = await page.logout({ accessToken: bearer.accessToken });
    expect(answer).toMatchObject({ status: 200, text: '{"data":{"logout":true}}\n', setCookies: CLEARED });
    expect(await lives()).toEqual([false, true]);
    expect(page.jar).toBeNull();
    page.jar = jar;
    expect((await page.refresh()).error).toEqual(INVALID_GRANT);
    expect((await gate.me(payload.accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
    expect(await auditOf(gate.database, payload.session.id)).toEqual(['SESSION_ENDED LOGOUT']);
  });

  it('C9: in production, the cleared cookie has the prefix and Secure, too', async () => {
    const secure = await startTestGateway({ PUBLIC_URL: 'https://auth.example.org', COOKIE_SAME_SITE: 'none' });
    try {
      const { page } = await signedInPage(secure, await secure.registerSomebody());
      expect((await page.logout()).setCookies).toEqual([
        '__Host-gatehouse-refresh=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=None',
      ]);
    } finally {
      await secure.close();
    }
  });

  it.each([
    ['mangled', (token: string) => `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`],
    ['nonsense', () => 'nonsense'],
    ['empty', () => ''],
    ['quoted', (token: string) => `"${token}"`],
  ])("C9: ends the access token's session where the cookie is %s, and clears it", async (_how, mangle) => {
    const { page, bearer, lives } = await scene();
    page.jar = `${PLAIN_NAME}=${mangle(page.token())}`;
    expect(await page.logout(bearer)).toMatchObject({ data: { logout: true }, setCookies: CLEARED });
    expect(await lives()).toEqual([true, false]);
  });

  it("C9: of several cookies none counts: the access token's session ends, and the cookie is cleared", async () => {
    const { page, payload, bearer, lives } = await scene();
    const other = await scene();
    page.jar = `${other.page.jar}; ${page.jar}`;
    expect(await page.logout(bearer)).toMatchObject({ data: { logout: true }, setCookies: CLEARED });
    expect(await lives()).toEqual([true, false]);
    expect(await isLive(other.payload.session.id)).toBe(true);
    page.jar = `${PLAIN_NAME}=a; ${PLAIN_NAME}=b`;
    expect(await page.logout()).toMatchObject({ data: { logout: true }, setCookies: CLEARED });
    expect(await isLive(payload.session.id)).toBe(true);
  });

  it('C9: twice, or with a cookie whose session is over: true, cleared, and nothing more happens', async () => {
    const { page, payload } = await scene();
    const { jar } = page;
    for (let times = 0; times < 3; times += 1) {
      page.jar = jar;
      expect(await page.logout()).toMatchObject({ data: { logout: true }, setCookies: CLEARED });
    }
    expect(await auditOf(gate.database, payload.session.id)).toEqual(['SESSION_ENDED LOGOUT']);
  });

  it("C9: without a cookie it is as ever: the access token's session ends, and no cookie is set", async () => {
    const { bearer, lives } = await scene();
    for (const options of [bearer, {}, { accessToken: 'nonsense' }]) {
      expect(await openPage(gate).logout(options)).toMatchObject({ data: { logout: true }, setCookies: [] });
    }
    expect(await lives()).toEqual([true, false]);
  });

  it('C9: an argument counts before the cookie, which is neither read nor cleared', async () => {
    const { page, bearer, lives } = await scene();
    const argued = await page.send(LOGOUT, { refreshToken: bearer.refreshToken });
    expect(argued).toMatchObject({ data: { logout: true }, setCookies: [] });
    expect(await lives()).toEqual([true, false]);
    const nonsense = await page.send(LOGOUT, { refreshToken: 'nonsense' });
    expect(nonsense).toMatchObject({ data: { logout: true }, setCookies: [] });
    expect((await page.refresh()).errors).toBeUndefined();
  });

  it('C9: clears nothing where it could not be done', async () => {
    const { page, payload } = await scene();
    await gate.database.query('ALTER TABLE gatehouse.refresh_sessions RENAME TO elsewhere');
    const failed = await page.logout();
    await gate.database.query('ALTER TABLE gatehouse.elsewhere RENAME TO refresh_sessions');
    expect(failed).toMatchObject({ error: { code: 'INTERNAL_SERVER_ERROR' }, setCookies: [] });
    expect(await isLive(payload.session.id)).toBe(true);
  });
});
