import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SendOptions } from '../support/graphql-client.js';
import { holdSession, openConnection, untilWaiting } from '../support/lock-step.js';
import { INVALID_GRANT, refreshed, sessionRow } from '../support/session-facts.js';
import { countStatements } from '../support/statement-count.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
let networks = 0;
beforeAll(async () => {
  gate = await startTestGateway({
    TRUSTED_PROXIES: 'loopback',
    LIMIT_REFRESH_SESSION: '6/900',
    LIMIT_REFRESH_REFUSED_NETWORK: '5/900',
  });
});
afterAll(() => gate.close());

function newNetwork(): SendOptions {
  networks += 1;
  return { headers: { 'x-forwarded-for': `203.0.113.${networks}` } };
}

const next = async (token: string) => (await refreshed(gate, token)).refreshToken;
const LIMITED = (retryAfter: number) => ({ code: 'RATE_LIMITED', retryAfter });
const errorOf = async (token: string, options?: SendOptions) =>
  (await gate.refresh(token, options)).errors?.[0]?.extensions;

describe('the limit of one session', () => {
  it('refuses what is more, changes nothing, and lets the same token in when the window is over', async () => {
    const ada = await gate.registerSomebody();
    let token = ada.refreshToken;
    for (let index = 0; index < 6; index += 1) token = await next(token);
    const before = await sessionRow(gate.database, ada.session.id);
    const { errors, headers } = await gate.refresh(token);
    expect(errors?.[0]?.extensions).toEqual(LIMITED(900));
    expect(headers.get('retry-after')).toBe('900');
    expect(await sessionRow(gate.database, ada.session.id)).toEqual(before);
    const events = 'SELECT cause FROM gatehouse.audit_events WHERE session_id = $1 AND kind = $2';
    expect(await gate.database.query(events, [ada.session.id, 'REFRESH_REFUSED'])).toEqual([
      { cause: 'REFRESHED_TOO_OFTEN' },
    ]);
    gate.clock.advance(899);
    expect(await errorOf(token)).toEqual(LIMITED(1));
    gate.clock.advance(1);
    token = await next(token);
    // Another session of the same user is none of it.
    const other = await gate.login(ada);
    expect(await next(other.refreshToken)).toMatch(/^ghr_/);
  });

  it('B2: counts the answers within the grace window, of many at once exactly as many as are allowed', async () => {
    const ada = await gate.registerSomebody();
    const answers = await Promise.all(Array.from({ length: 20 }, () => gate.refresh(ada.refreshToken)));
    const given = answers.flatMap(({ tokens }) => (tokens === null ? [] : [tokens.refreshToken]));
    expect([given.length, new Set(given).size]).toEqual([6, 1]);
    for (const { errors } of answers.filter(({ tokens }) => tokens === null)) {
      expect(errors?.[0]?.extensions).toEqual(LIMITED(900));
    }
  });

  it('B2: of many that all found room for one more, one gets it', async () => {
    const ada = await gate.registerSomebody();
    for (let index = 0; index < 5; index += 1) await next(ada.refreshToken);
    const keeper = await openConnection(gate.database);
    await holdSession(keeper, ada.session.id);
    const tries = Array.from({ length: 6 }, () => gate.refresh(ada.refreshToken));
    await untilWaiting(gate.database, 6);
    await keeper.query('COMMIT');
    expect((await Promise.all(tries)).filter(({ tokens }) => tokens !== null)).toHaveLength(1);
    await keeper.close();
  });

  it('counts late answers, which rotate nothing', async () => {
    const ada = await gate.registerSomebody();
    await refreshed(gate, ada.refreshToken);
    gate.clock.advance(60);
    for (let index = 0; index < 5; index += 1) await refreshed(gate, ada.refreshToken);
    expect(await errorOf(ada.refreshToken)).toEqual(LIMITED(840));
  });

  it('does not keep a reused token from ending its session', async () => {
    const ada = await gate.registerSomebody();
    let token = ada.refreshToken;
    for (let index = 0; index < 6; index += 1) token = await next(token);
    expect(await errorOf(ada.refreshToken)).toEqual(INVALID_GRANT);
    expect(await sessionRow(gate.database, ada.session.id)).toMatchObject({ end_cause: 'REUSE' });
  });

  it('takes no statement of its own', async () => {
    const ada = await gate.registerSomebody();
    const statements = await countStatements(gate.database);
    await refreshed(gate, ada.refreshToken);
    expect(statements.count()).toBe(2);
    statements.stop();
  });
});

describe('the limit of refused refreshes from one network', () => {
  it('E6: answers RATE_LIMITED in the place of INVALID_GRANT, whatever is wrong with the token', async () => {
    const network = newNetwork();
    const [ended, unknown] = [await gate.registerSomebody(), await gate.registerSomebody()];
    await gate.send('mutation { logout }', {}, ended);
    await gate.database.query('DELETE FROM gatehouse.refresh_sessions WHERE id = $1', [unknown.session.id]);
    const wrong = ['ghr_junk', ended.refreshToken, unknown.refreshToken, `${unknown.refreshToken.slice(0, -2)}AA`];
    for (let index = 0; index < 5; index += 1) {
      expect(await errorOf(wrong[index % 4] ?? '', network)).toEqual(INVALID_GRANT);
    }
    for (const token of wrong) expect(await errorOf(token, network)).toEqual(LIMITED(900));
    // Elsewhere it is as ever.
    expect(await errorOf('ghr_junk', newNetwork())).toEqual(INVALID_GRANT);
  });

  it('never touches a refresh that is good, and counts none', async () => {
    const network = newNetwork();
    for (let index = 0; index < 7; index += 1) {
      const ada = await gate.registerSomebody();
      expect((await gate.refresh(ada.refreshToken, network)).tokens).not.toBeNull();
    }
    for (let index = 0; index < 8; index += 1) await errorOf('ghr_junk', network);
    const bob = await gate.registerSomebody();
    expect((await gate.refresh(bob.refreshToken, network)).tokens).not.toBeNull();
    const { errors } = await gate.refresh(null as unknown as string, network);
    expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' });
  });
});
