import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGIN, LOGOUT, type Person } from '../support/graphql-client.js';
import {
  addSignInGate,
  holdSession,
  type OwnConnection,
  openConnection,
  SIGN_IN_GATE,
  untilWaiting,
} from '../support/lock-step.js';
import { INVALID_GRANT, liveSessions, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const ROUNDS = 100;

let gate: TestGateway;
/** Holds rows, so that requests arrive at one point in a chosen order. */
let holder: OwnConnection;
/** Does what another use case would. */
let other: OwnConnection;
beforeAll(async () => {
  gate = await startTestGateway();
  [holder, other] = await Promise.all([openConnection(gate.database), openConnection(gate.database)]);
  await addSignInGate(gate.database);
});
afterAll(async () => {
  await Promise.all([holder.close(), other.close()]);
  await gate.close();
});

describe('against the end of sessions', () => {
  /** A password reset as the rules have it: the user's row first, the sessions in a statement of their own. */
  const reset = {
    begin: async (userId: string) => {
      await other.query('BEGIN');
      await other.query('SELECT FROM gatehouse.users WHERE id = $1 FOR UPDATE', [userId]);
      await other.query(`UPDATE gatehouse.users SET password_hash = 'another' WHERE id = $1`, [userId]);
    },
    revoke: (userId: string) =>
      other.query(
        `UPDATE gatehouse.refresh_sessions SET revoked_at = now(), end_cause = 'PASSWORD_RESET'
         WHERE user_id = $1 AND revoked_at IS NULL`,
        [userId],
      ),
    commit: () => other.query('COMMIT'),
  };
  const resetAll = async (userId: string) => {
    await reset.begin(userId);
    await reset.revoke(userId);
    await reset.commit();
  };

  async function expectAllDead({ user, session }: Person, tokens: (string | undefined)[]): Promise<void> {
    expect(await liveSessions(gate.database, user.id)).toBe(0);
    const { generation } = await sessionRow(gate.database, session.id);
    for (const token of tokens) {
      if (token !== undefined) expect((await gate.refresh(token)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    }
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ generation });
  }

  it('S4: refresh, then reset while it is on its way: no token survives, 100 rounds', async () => {
    const person = await gate.registerSomebody();
    for (let round = 0; round < ROUNDS; round += 1) {
      const own = await newSession(person);
      await holdSession(holder, own.session.id);
      const refreshing = gate.refresh(own.refreshToken);
      await untilWaiting(gate.database, 1);
      const resetting = resetAll(own.user.id);
      await untilWaiting(gate.database, 2);
      await holder.query('COMMIT');
      const [answer] = await Promise.all([refreshing, resetting]);
      expect(answer.tokens).not.toBeNull();
      await expectAllDead(own, [answer.tokens?.refreshToken]);
    }
  });

  it('S4: reset, then refresh while it is on its way: refused, 100 rounds', async () => {
    const person = await gate.registerSomebody();
    for (let round = 0; round < ROUNDS; round += 1) {
      const own = await newSession(person);
      await reset.begin(own.user.id);
      await reset.revoke(own.user.id);
      const refreshing = gate.refresh(own.refreshToken);
      await untilWaiting(gate.database, 1);
      await reset.commit();
      expect((await refreshing).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
      await expectAllDead(own, [own.refreshToken]);
    }
  });

  it('S4: refresh and reset let loose at once, 100 rounds in either order', async () => {
    const person = await gate.registerSomebody();
    for (let round = 0; round < 2 * ROUNDS; round += 1) {
      const own = await newSession(person);
      const refresh = () => gate.refresh(own.refreshToken);
      const both = round % 2 === 0 ? [refresh(), resetAll(own.user.id)] : [resetAll(own.user.id), refresh()];
      const answer = (await Promise.all(both)).find((one) => one !== undefined);
      await expectAllDead(own, [own.refreshToken, answer?.tokens?.refreshToken]);
    }
  });

  const loginAnswer = async ({ email, password }: Person): Promise<string> => {
    const { data, text } = await gate.send(LOGIN, { input: { email, password } });
    return data?.login?.__typename ?? text;
  };

  it('S4: login with the old password, then reset while it is on its way: no session survives, 100 rounds', async () => {
    const person = await gate.registerSomebody();
    const hash = await hashOf(person);
    for (let round = 0; round < ROUNDS; round += 1) {
      await holder.query('SELECT pg_advisory_lock($1)', [SIGN_IN_GATE]);
      const loggingIn = loginAnswer(person);
      await untilWaiting(gate.database, 1);
      const resetting = resetAll(person.user.id);
      await untilWaiting(gate.database, 2);
      await holder.query('SELECT pg_advisory_unlock($1)', [SIGN_IN_GATE]);
      const [answer] = await Promise.all([loggingIn, resetting]);
      expect(answer).toBe('AuthPayload');
      expect(await liveSessions(gate.database, person.user.id)).toBe(0);
      await setHash(person, hash);
    }
  });

  it('S4: reset, then login with the old password while it is on its way: no session begins, 100 rounds', async () => {
    const person = await gate.registerSomebody();
    const hash = await hashOf(person);
    for (let round = 0; round < ROUNDS; round += 1) {
      await reset.begin(person.user.id);
      await reset.revoke(person.user.id);
      const loggingIn = loginAnswer(person);
      await untilWaiting(gate.database, 1);
      await reset.commit();
      expect(await loggingIn).toBe('InvalidCredentials');
      expect(await liveSessions(gate.database, person.user.id)).toBe(0);
      await setHash(person, hash);
    }
  });

  it('S4: no session begins for a user who is disabled while the password is checked', async () => {
    const person = await gate.registerSomebody();
    await other.query('BEGIN');
    await other.query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [person.user.id]);
    const loggingIn = loginAnswer(person);
    await untilWaiting(gate.database, 1);
    await other.query('COMMIT');
    expect(await loggingIn).toBe('InvalidCredentials');
  });

  /** A session of somebody whose sessions and password may have been ended the round before. */
  async function newSession(person: Person): Promise<Person> {
    const hash = hashes.get(person.user.id) ?? (await hashOf(person));
    hashes.set(person.user.id, hash);
    await setHash(person, hash);
    return { ...person, ...(await gate.login(person)) };
  }
  const hashes = new Map<string, string>();
  const hashOf = async ({ user }: Person): Promise<string> => {
    const sql = 'SELECT password_hash AS hash FROM gatehouse.users WHERE id = $1';
    const [row] = await gate.database.query<{ hash: string }>(sql, [user.id]);
    return row?.hash ?? '';
  };
  const setHash = ({ user }: Person, hash: string) =>
    gate.database.query('UPDATE gatehouse.users SET password_hash = $2 WHERE id = $1', [user.id, hash]);

  it.each([
    ['refresh, then logout', true],
    ['logout, then refresh', false],
  ])(
    'S1: %s on its way at once: nobody is left with a live session or token, 100 rounds',
    async (_name, isRefreshFirst) => {
      const person = await gate.registerSomebody();
      for (let round = 0; round < ROUNDS; round += 1) {
        const own = { ...person, ...(await gate.login(person)) };
        await holdSession(holder, own.session.id);
        const refresh = async () => (await gate.refresh(own.refreshToken)).tokens;
        const logout = () => gate.send(LOGOUT, { refreshToken: own.refreshToken });
        const first = isRefreshFirst ? refresh() : logout();
        await untilWaiting(gate.database, 1);
        const second = isRefreshFirst ? logout() : refresh();
        await untilWaiting(gate.database, 2);
        await holder.query('COMMIT');
        const answers = await Promise.all([first, second]);
        const [tokens, loggedOut] = isRefreshFirst ? answers : answers.toReversed();
        expect(loggedOut).toMatchObject({ status: 200, data: { logout: true } });
        expect(tokens === null).toBe(!isRefreshFirst);
        await expectEndedByLogout(own, tokens as Person | null);
      }
    },
  );

  it('S1: refresh and logout let loose at once, 100 rounds in either order', async () => {
    const person = await gate.registerSomebody();
    for (let round = 0; round < 2 * ROUNDS; round += 1) {
      const own = { ...person, ...(await gate.login(person)) };
      const calls = [
        () => gate.refresh(own.refreshToken),
        () => gate.send(LOGOUT, {}, { accessToken: own.accessToken }),
      ];
      const ordered = round % 2 === 0 ? calls : calls.toReversed();
      const answers = await Promise.all(ordered.map((call) => call()));
      const [refresh] = round % 2 === 0 ? answers : answers.toReversed();
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(
        answers.flatMap(({ errors }) => errors ?? []).filter(({ extensions }) => extensions.code !== 'UNAUTHENTICATED'),
      ).toEqual([]);
      await expectEndedByLogout(own, refresh?.data?.refreshToken ?? null);
    }
  });

  async function expectEndedByLogout(
    own: Person,
    tokens: { refreshToken: string; accessToken: string } | null,
  ): Promise<void> {
    expect(await sessionRow(gate.database, own.session.id)).toMatchObject({ end_cause: 'LOGOUT' });
    for (const { refreshToken, accessToken } of [own, ...(tokens === null ? [] : [tokens])]) {
      expect((await gate.refresh(refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
      expect((await gate.me(accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
    }
  }

  it('ends a session that begins while logoutEverywhere runs, 20 rounds', async () => {
    for (let round = 0; round < 20; round += 1) {
      const person = await gate.registerSomebody();
      await holder.query('SELECT pg_advisory_lock($1)', [SIGN_IN_GATE]);
      const loggingIn = gate.login(person);
      await untilWaiting(gate.database, 1);
      const ending = gate.send('mutation { logoutEverywhere }', {}, { accessToken: person.accessToken });
      await untilWaiting(gate.database, 2);
      await holder.query('SELECT pg_advisory_unlock($1)', [SIGN_IN_GATE]);
      const [late, { data }] = await Promise.all([loggingIn, ending]);
      expect(data).toEqual({ logoutEverywhere: 2 });
      expect(await liveSessions(gate.database, person.user.id)).toBe(0);
      expect((await gate.me(late.accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
    }
  });
});
