import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { GOOD_PASSWORD, LOGOUT, type Person } from '../support/graphql-client.js';
import { auditOf, claimsOf, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

const REAUTHENTICATE = `mutation ($password: String!) {
  reauthenticate(password: $password) {
    __typename
    ... on AuthPayload {
      accessToken tokenType expiresIn refreshToken refreshTokenExpiresAt session { id current } user { id email }
    }
    ... on InvalidCredentials { message }
  }
}`;
const WRONG = { __typename: 'InvalidCredentials', message: 'The password is wrong.' };

let gate: TestGateway;
let ada: Person;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());
beforeEach(async () => {
  ada = await gate.registerSomebody();
  gate.clock.advance(120);
});

const reauthenticate = (password: string, person: { accessToken: string } = ada) =>
  gate.send(REAUTHENTICATE, { password }, { accessToken: person.accessToken });
const authTimeOf = (token: string) => (claimsOf(token) as unknown as { auth_time: number }).auth_time;
const nowSeconds = () => gate.clock.now().getTime() / 1000;

describe('reauthenticate', () => {
  it('answers a new access token of the same session whose auth_time is now, and so do later refreshes', async () => {
    const before = await sessionRow(gate.database, ada.session.id);
    const { data, headers } = await reauthenticate(ada.password);
    expect(data.reauthenticate).toMatchObject({
      __typename: 'AuthPayload',
      tokenType: 'Bearer',
      refreshToken: null,
      refreshTokenExpiresAt: before.expires_at.toISOString(),
      session: { id: ada.session.id, current: true },
      user: { id: ada.user.id, email: ada.email },
    });
    expect([headers.getSetCookie(), headers.get('cache-control')]).toEqual([[], 'no-store']);
    const { accessToken } = data.reauthenticate;
    expect(authTimeOf(ada.accessToken)).toBe(nowSeconds() - 120);
    expect(authTimeOf(accessToken)).toBe(nowSeconds());
    expect((await gate.me(accessToken)).data.me.id).toBe(ada.user.id);
    const after = await sessionRow(gate.database, ada.session.id);
    expect(after).toEqual({ ...before, authenticated_at: gate.clock.now() });
    const reauthenticatedAt = nowSeconds();
    gate.clock.advance(300);
    const next = await refreshed(gate, ada.refreshToken);
    expect(authTimeOf(next.accessToken)).toBe(reauthenticatedAt);
    expect(await auditOf(gate.database, ada.session.id)).toEqual(['REAUTHENTICATED']);
  });

  it('leaves the other sessions of the user as old as they were', async () => {
    const other = await gate.login(ada);
    gate.clock.advance(60);
    await reauthenticate(ada.password);
    const next = await refreshed(gate, other.refreshToken);
    expect(authTimeOf(next.accessToken)).toBe(nowSeconds() - 60);
  });

  it('refuses any other password in one way, after one hashing; the session goes on, and the trail tells', async () => {
    const [bob] = [await gate.registerSomebody({ password: `${GOOD_PASSWORD} of bob` })];
    for (const password of ['wrong', bob.password, `${ada.password} `, 'x'.repeat(256)]) {
      const hashings = gate.gateway.hashings();
      expect((await reauthenticate(password)).data.reauthenticate).toEqual(WRONG);
      expect(gate.gateway.hashings()).toBe(hashings + 1);
    }
    const hashings = gate.gateway.hashings();
    expect((await reauthenticate('nul\u0000')).data.reauthenticate).toEqual(WRONG);
    expect(gate.gateway.hashings()).toBe(hashings);
    const causes = [...Array(4).fill('PASSWORD_WRONG'), 'PASSWORD_IMPOSSIBLE'];
    expect(await auditOf(gate.database, ada.session.id)).toEqual(
      causes.map((cause) => `REAUTHENTICATION_FAILED ${cause}`),
    );
    expect(authTimeOf((await refreshed(gate, ada.refreshToken)).accessToken)).toBe(nowSeconds() - 120);
  });

  it('is for the signed-in alone', async () => {
    const { errors } = await gate.send(REAUTHENTICATE, { password: ada.password });
    expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' });
    await gate.send(LOGOUT, { refreshToken: ada.refreshToken });
    expect((await reauthenticate(ada.password)).errors?.[0]?.extensions['reason']).toBe('SESSION_ENDED');
  });

  it('finds out in the database that the session has expired, was ended, or that the user is disabled', async () => {
    const end = 'UPDATE gatehouse.refresh_sessions SET revoked_at = now() WHERE id = $1';
    await gate.database.query(end, [ada.session.id]);
    expect((await reauthenticate(ada.password)).errors?.[0]?.extensions['reason']).toBe('SESSION_ENDED');
    const bob = await gate.registerSomebody();
    await gate.database.query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [bob.user.id]);
    expect((await reauthenticate(bob.password, bob)).data.reauthenticate).toEqual(WRONG);
    const eve = await gate.registerSomebody();
    await gate.database.query('UPDATE gatehouse.refresh_sessions SET expires_at = $2 WHERE id = $1', [
      eve.session.id,
      gate.clock.now(),
    ]);
    expect((await reauthenticate(eve.password, eve)).errors?.[0]?.extensions['reason']).toBe('SESSION_ENDED');
  });

  it('does not take the answer to a lost refresh for arrived', async () => {
    await gate.refresh(ada.refreshToken);
    // That answer was lost; the page still has the first generation.
    const { data } = await reauthenticate(ada.password);
    expect(claimsOf(data.reauthenticate.accessToken).gen).toBe(0);
    await gate.me(data.reauthenticate.accessToken);
    gate.clock.advance(600);
    const late = await refreshed(gate, ada.refreshToken);
    expect(claimsOf(late.accessToken).gen).toBe(1);
  });

  it('never makes a sign-in older: the clock of another process may be behind', async () => {
    await reauthenticate(ada.password);
    const reauthenticatedAt = gate.clock.now();
    gate.clock.advance(-3);
    const { data } = await reauthenticate(ada.password);
    expect(authTimeOf(data.reauthenticate.accessToken)).toBe(reauthenticatedAt.getTime() / 1000);
    gate.clock.advance(3);
  });
});

describe('reauthenticate at the same moment as', () => {
  const ROUNDS = 100;
  const outcomeOf = ({ data, errors }: Awaited<ReturnType<typeof reauthenticate>>) =>
    errors?.[0]?.extensions['reason'] ?? data.reauthenticate.__typename;

  it('a logout answers a token that is good for nothing, or none', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const tokens = await gate.login(ada);
      const logout = () => gate.send(LOGOUT, { refreshToken: tokens.refreshToken });
      const both = [() => reauthenticate(ada.password, tokens), logout];
      const answers = await Promise.all((round % 2 === 0 ? both : both.reverse()).map((send) => send()));
      const answer = answers.find(({ data }) => data === null || 'reauthenticate' in data);
      const outcome = outcomeOf(answer as Awaited<ReturnType<typeof reauthenticate>>);
      seen.add(outcome);
      if (outcome !== 'AuthPayload') continue;
      const { errors } = await gate.send('{ sessions { id } }', {}, answer?.data.reauthenticate);
      expect(errors?.[0]?.extensions['reason']).toBe('SESSION_ENDED');
    }
    for (const outcome of seen) expect(['AuthPayload', 'SESSION_ENDED']).toContain(outcome);
  });

  it('a change of the password makes nothing recent by the old one, which was found right before', async () => {
    const changing = new pg.Client(gate.database.url);
    await changing.connect();
    await changing.query('BEGIN');
    const change = 'UPDATE gatehouse.users SET password_hash = $2 WHERE id = $1';
    await changing.query(change, [ada.user.id, '$2b$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']);
    const answer = reauthenticate(ada.password);
    await waitUntil('it waits for the change', async () => {
      const waiting = await gate.database.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%checked%'`,
      );
      return waiting.length > 0;
    });
    await changing.query('COMMIT');
    await changing.end();
    expect((await answer).data.reauthenticate).toEqual(WRONG);
    expect(await auditOf(gate.database, ada.session.id)).toEqual(['REAUTHENTICATION_FAILED CREDENTIAL_CHANGED']);
  });
});
