import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGIN, type Person, type Tokens } from '../support/graphql-client.js';
import {
  addSignInGate,
  holdSession,
  type OwnConnection,
  openConnection,
  SIGN_IN_GATE,
  untilWaiting,
} from '../support/lock-step.js';
import { DELETE_ACCOUNT, NEW_PASSWORD, type RecoveryGateway, startRecoveryGateway } from '../support/recovery.js';
import { INVALID_GRANT, liveSessions } from '../support/session-facts.js';

const ROUNDS = 100;

let gate: RecoveryGateway;
/** Holds rows, so that requests arrive at one point in a chosen order. */
let holder: OwnConnection;
beforeAll(async () => {
  gate = await startRecoveryGateway({ LOG_LEVEL: 'warn' });
  await addSignInGate(gate.database);
  holder = await openConnection(gate.database);
});
afterAll(async () => {
  await holder.close();
  await gate.close();
});

const reset = async (token: string, password = NEW_PASSWORD): Promise<string> =>
  (await gate.reset(token, password)).data.resetPassword.__typename;
const login = async ({ email, password }: { email: string; password: string }): Promise<Tokens | null> => {
  const { data } = await gate.send(LOGIN, { input: { email, password } });
  return data.login.__typename === 'AuthPayload' ? data.login : null;
};

/** No token that was ever handed out opens anything any more. */
async function expectDead(tokens: (Tokens | null)[]): Promise<void> {
  for (const each of tokens) {
    if (each === null) continue;
    expect((await gate.refresh(each.refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect((await gate.me(each.accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
  }
}

describe('resetPassword against a refresh', () => {
  it.each([
    ['refresh, then reset', true],
    ['reset, then refresh', false],
  ])('S4: %s on its way at once: no token survives, 100 rounds', async (_name, isRefreshFirst) => {
    const person = await gate.registerSomebody();
    let password = person.password;
    for (let round = 0; round < ROUNDS; round += 1) {
      const own = await gate.login({ email: person.email, password });
      const token = await gate.resetToken(person.email);
      await holdSession(holder, own.session.id);
      password = `the passphrase of round ${round}`;
      const calls = [async () => (await gate.refresh(own.refreshToken)).tokens, () => reset(token, password)];
      const [one, other] = isRefreshFirst ? calls : calls.toReversed();
      const first = one?.();
      await untilWaiting(gate.database, 1);
      const second = other?.();
      await untilWaiting(gate.database, 2);
      await holder.query('COMMIT');
      const answers = await Promise.all([first, second]);
      const [tokens, kind] = isRefreshFirst ? answers : answers.toReversed();
      expect({ kind, isRefreshed: tokens !== null }).toEqual({ kind: 'PasswordReset', isRefreshed: isRefreshFirst });
      expect(await liveSessions(gate.database, person.user.id)).toBe(0);
      await expectDead([own, tokens as Tokens | null]);
    }
  });
});

describe('resetPassword against a login with the old password', () => {
  it('S4: login, then reset while it is on its way: the session does not survive, 100 rounds', async () => {
    const person = await gate.registerSomebody();
    let password = person.password;
    for (let round = 0; round < ROUNDS; round += 1) {
      const token = await gate.resetToken(person.email);
      await holder.query('SELECT pg_advisory_lock($1)', [SIGN_IN_GATE]);
      const loggingIn = login({ email: person.email, password });
      await untilWaiting(gate.database, 1);
      password = `the passphrase of round ${round}`;
      const resetting = reset(token, password);
      await untilWaiting(gate.database, 2);
      await holder.query('SELECT pg_advisory_unlock($1)', [SIGN_IN_GATE]);
      const [tokens, kind] = await Promise.all([loggingIn, resetting]);
      expect({ kind, isIn: tokens !== null }).toEqual({ kind: 'PasswordReset', isIn: true });
      expect(await liveSessions(gate.database, person.user.id)).toBe(0);
      await expectDead([tokens]);
    }
  });

  it('S4: reset, then login with the old password while it is on its way: refused, 100 rounds', async () => {
    const person = await gate.registerSomebody();
    let password = person.password;
    for (let round = 0; round < ROUNDS; round += 1) {
      const own = await gate.login({ email: person.email, password });
      const token = await gate.resetToken(person.email);
      await holdSession(holder, own.session.id);
      const old = password;
      password = `the passphrase of round ${round}`;
      const resetting = reset(token, password);
      await untilWaiting(gate.database, 1);
      const loggingIn = login({ email: person.email, password: old });
      await untilWaiting(gate.database, 2);
      await holder.query('COMMIT');
      expect(await Promise.all([resetting, loggingIn])).toEqual(['PasswordReset', null]);
      expect(await liveSessions(gate.database, person.user.id)).toBe(0);
    }
  });
});

describe('links at once', () => {
  it('S5: one link x20 through a gate: one success', async () => {
    for (let round = 0; round < 5; round += 1) {
      const person = await gate.registerSomebody();
      const token = await gate.resetToken(person.email);
      const kinds = await throughGate(person, (index) => reset(token, `the passphrase of try ${index}`), 9);
      const more = await Promise.all(Array.from({ length: 11 }, () => reset(token)));
      expect([...kinds, ...more].filter((kind) => kind === 'PasswordReset')).toHaveLength(1);
      expect([...kinds, ...more].filter((kind) => kind === 'LinkExpired')).toHaveLength(19);
      expect(await login({ ...person, password: `the passphrase of try ${kinds.indexOf('PasswordReset')}` })).not.toBe(
        null,
      );
    }
  });

  it('S5: two links of one account at once: one success, and no deadlock, 100 rounds', async () => {
    const person = await gate.registerSomebody();
    for (let round = 0; round < ROUNDS; round += 1) {
      const tokens = [await gate.resetToken(person.email), await gate.resetToken(person.email)];
      const kinds = await Promise.all(tokens.map((token, index) => reset(token, `passphrase ${round} of ${index}`)));
      expect(kinds.toSorted()).toEqual(['LinkExpired', 'PasswordReset']);
      const password = `passphrase ${round} of ${kinds.indexOf('PasswordReset')}`;
      expect(await login({ email: person.email, password })).not.toBe(null);
    }
    // PostgreSQL counts them within a second.
    await pause(1_500);
    const [counted] = await gate.database.query(
      'SELECT deadlocks::int AS deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(counted).toEqual({ deadlocks: 0 });
  });

  /** All stand before the user's row, having looked their link up, before the first may go on. */
  async function throughGate(person: Person, call: (index: number) => Promise<string>, times: number) {
    await holder.query('BEGIN');
    await holder.query('SELECT FROM gatehouse.users WHERE id = $1 FOR UPDATE', [person.user.id]);
    const sent = Array.from({ length: times }, (_, index) => call(index));
    await untilWaiting(gate.database, times);
    await holder.query('COMMIT');
    return Promise.all(sent);
  }
});

describe('deleteAccount against what is on its way', () => {
  const remove = (by: Tokens) => gate.send(DELETE_ACCOUNT, {}, { accessToken: by.accessToken });
  const isGone = async (userId: string) => {
    const rows = await gate.database.query(
      `SELECT id FROM gatehouse.users WHERE id = $1 UNION ALL
       SELECT user_id FROM gatehouse.user_emails WHERE user_id = $1 UNION ALL
       SELECT user_id FROM gatehouse.refresh_sessions WHERE user_id = $1 UNION ALL
       SELECT user_id FROM gatehouse.account_tokens WHERE user_id = $1`,
      [userId],
    );
    return rows.length === 0;
  };

  it('S6: a login that was let in before: it ends with the account, 30 rounds', async () => {
    for (let round = 0; round < 30; round += 1) {
      const person = await gate.registerSomebody();
      await holder.query('SELECT pg_advisory_lock($1)', [SIGN_IN_GATE]);
      const loggingIn = login(person);
      await untilWaiting(gate.database, 1);
      const removing = remove(person);
      await untilWaiting(gate.database, 2);
      await holder.query('SELECT pg_advisory_unlock($1)', [SIGN_IN_GATE]);
      const [tokens, { data }] = await Promise.all([loggingIn, removing]);
      expect(data).toEqual({ deleteAccount: true });
      expect(await isGone(person.user.id)).toBe(true);
      await expectDead([person, tokens]);
      const ends = 'SELECT FROM gatehouse.auth_changes WHERE user_id = $1 AND session_id IS NOT NULL';
      const fed = await gate.database.query(ends, [person.user.id]);
      expect(fed).toHaveLength(2);
    }
  });

  it('S6: logins, refreshes, resets and deletions let loose at once, 30 rounds: nothing is left', async () => {
    for (let round = 0; round < 30; round += 1) {
      const person = await gate.registerSomebody();
      const token = await gate.resetToken(person.email);
      const fresh = await gate.login(person);
      const calls: (() => Promise<unknown>)[] = [
        () => remove(fresh),
        () => login(person),
        async () => (await gate.refresh(person.refreshToken)).tokens,
        () => reset(token),
      ];
      const ordered = [...calls.slice(round % 4), ...calls.slice(0, round % 4)];
      await Promise.all(ordered.map((call) => call()));
      // The reset may have ended the session that would delete.
      const again = await login({ email: person.email, password: NEW_PASSWORD });
      if (again !== null) await remove(again);
      expect(await isGone(person.user.id)).toBe(true);
    }
    expect(gate.logLines.filter((line) => line.includes('internal_error'))).toEqual([]);
  });
});
