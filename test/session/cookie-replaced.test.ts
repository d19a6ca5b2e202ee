import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GOOD_PASSWORD } from '../support/graphql-client.js';
import { openPage, PLAIN_NAME, signedInPage } from '../support/page.js';
import { auditOf, INVALID_GRANT, sessionRow } from '../support/session-facts.js';
import { countStatements } from '../support/statement-count.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const REPLACED = ['SESSION_ENDED LOGIN_REPLACED'];

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ SESSIONS_PER_USER_MAX: '5' });
});
afterAll(() => gate.close());

const endCause = async (sessionId: string) => (await sessionRow(gate.database, sessionId)).end_cause;
const somebody = () =>
  gate.registerSomebody().then((person) => signedInPage(gate, person).then((on) => ({ ...on, person })));

describe('a sign-in by cookie', () => {
  it("C5: ends the session of a cookie that was planted before, and none of the victim's", async () => {
    const attacker = await somebody();
    const victim = await gate.registerSomebody();
    const elsewhere = await signedInPage(gate, victim);
    const page = Object.assign(openPage(gate), { jar: attacker.page.jar });
    const { data } = await page.login(victim);
    expect(data.login.user.id).toBe(victim.user.id);

    expect((await attacker.page.refresh()).error).toEqual(INVALID_GRANT);
    expect((await gate.me(attacker.payload.accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
    expect(await auditOf(gate.database, attacker.payload.session.id)).toEqual(REPLACED);
    for (const each of [page, elsewhere.page]) {
      expect((await each.refresh()).data.refreshToken.user.id).toBe(victim.user.id);
    }
    expect((await gate.refresh(victim.refreshToken)).tokens).not.toBeNull();
  });

  it("C5: ends the session that the browser had before, the same user's too, of whatever generation its cookie is", async () => {
    const { page, payload, person } = await somebody();
    const first = page.jar;
    await page.refresh();
    await page.refresh();
    page.jar = first;
    await page.login(person);
    expect(await auditOf(gate.database, payload.session.id)).toEqual(REPLACED);
    expect((await page.refresh()).errors).toBeUndefined();
  });

  it('C5: register does so, too', async () => {
    const { page, payload } = await somebody();
    const { data } = await page.register({ email: `${randomUUID()}@example.org` });
    expect(await endCause(payload.session.id)).toBe('LOGIN_REPLACED');
    expect(await endCause(data.register.session.id)).toBeNull();
    expect((await page.refresh()).data.refreshToken.user.id).toBe(data.register.user.id);
  });

  it('C5: ends nothing where it fails, and nothing in body delivery', async () => {
    const { page, payload, person } = await somebody();
    await page.login({ ...person, password: 'not the password at all' });
    await page.login({ email: 'malformed', password: GOOD_PASSWORD });
    await page.register(person);
    await page.register({ email: `${randomUUID()}@example.org`, password: 'short' });
    const headers = { cookie: page.jar ?? '' };
    await gate.login(person, { headers });
    await gate.registerSomebody({ headers });
    expect(await endCause(payload.session.id)).toBeNull();
  });

  it('C5: ends nothing by a token that is mangled, over, or nonsense, and goes on', async () => {
    const { page, payload, person } = await somebody();
    const token = page.token();
    await page.logout();
    const alive = await somebody();
    const good = alive.page.token();
    for (const text of [token, `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`, 'nonsense', '', `"${good}"`]) {
      const { data } = await Object.assign(openPage(gate), { jar: `${PLAIN_NAME}=${text}` }).login(person);
      expect([text, data.login.__typename]).toEqual([text, 'AuthPayload']);
    }
    expect(await auditOf(gate.database, payload.session.id)).toEqual(['SESSION_ENDED LOGOUT']);
    expect(await endCause(alive.payload.session.id)).toBeNull();
  });

  it('C5: ends the sessions of several cookies, the first three of them', async () => {
    const planted = [await somebody(), await somebody(), await somebody(), await somebody()];
    const victim = await gate.registerSomebody();
    const page = openPage(gate);
    page.jar = planted.map(({ page: { jar } }) => jar).join('; ');
    await page.login(victim);
    const causes = await Promise.all(planted.map(({ payload }) => endCause(payload.session.id)));
    expect(causes).toEqual(['LOGIN_REPLACED', 'LOGIN_REPLACED', 'LOGIN_REPLACED', null]);
    expect((await page.refresh()).data.refreshToken.user.id).toBe(victim.user.id);
  });

  it('C5: buys no statements by junk', async () => {
    const ada = await gate.registerSomebody();
    const statements = await countStatements(gate.database);
    try {
      const page = openPage(gate);
      await page.login(ada);
      const plain = statements.count();
      page.jar = Array.from({ length: 50 }, (_, at) => `${PLAIN_NAME}=junk${at}`).join('; ');
      await page.login(ada);
      expect(statements.count()).toBe(2 * plain);
    } finally {
      statements.stop();
    }
  });

  it('S9: costs no other device its session at the limit', async () => {
    const { page, payload, person } = await somebody();
    const others = [await gate.login(person), await gate.login(person), await gate.login(person)];
    gate.clock.advance(1);
    await page.login(person);
    expect(await endCause(payload.session.id)).toBe('LOGIN_REPLACED');
    for (const { session } of [person, ...others]) expect(await endCause(session.id)).toBeNull();
  });

  it("C5: succeeds where the old session can't be ended now, and says so in the log", async () => {
    const { page, payload, person } = await somebody();
    const token = page.token();
    await gate.database.query(`CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'not now'; END $$`);
    await gate.database.query(`CREATE TRIGGER refuse BEFORE INSERT ON gatehouse.auth_changes
      FOR EACH ROW EXECUTE FUNCTION public.refuse()`);
    const { data } = await page.login(person);
    await gate.database.query('DROP TRIGGER refuse ON gatehouse.auth_changes');
    expect(data.login.__typename).toBe('AuthPayload');
    expect(await endCause(payload.session.id)).toBeNull();
    const warnings = gate.logLines.filter((line) => line.includes('replaced_session_not_ended'));
    expect(warnings.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'warn', cause: expect.stringContaining('not now') }),
    ]);
    expect(warnings.join('')).not.toContain(token);
    expect((await page.refresh()).errors).toBeUndefined();
  });
});
