import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Person, Tokens } from '../support/graphql-client.js';
import { holdSession, type OwnConnection, openConnection, untilWaiting } from '../support/lock-step.js';
import { auditOf, INVALID_GRANT, liveSessions } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const ROUNDS = 100;

let gate: TestGateway;
/** Holds rows, so that requests arrive at one point in a chosen order. */
let holder: OwnConnection;
beforeAll(async () => {
  gate = await startTestGateway();
  holder = await openConnection(gate.database);
});
afterAll(async () => {
  await holder.close();
  await gate.close();
});

/** Two sessions of one person: one is refreshed, and the other one logs out everywhere. */
async function twoSessions(person: Person): Promise<{ person: Person; own: Tokens; other: Tokens }> {
  const [own, other] = [await gate.login(person), await gate.login(person)];
  return { person, own, other };
}

const refresh = ({ own }: { own: Tokens }) => gate.refresh(own.refreshToken);
const logoutEverywhere = async ({ other }: { other: Tokens }): Promise<number> =>
  (await gate.send('mutation { logoutEverywhere }', {}, { accessToken: other.accessToken })).data.logoutEverywhere;

/** Nobody is signed in any more, by whatever token was ever handed out; each session ended once. */
async function expectNobodyLeft(
  { person, own, other }: { person: Person; own: Tokens; other: Tokens },
  handedOut: Tokens | null,
): Promise<void> {
  expect(await liveSessions(gate.database, person.user.id)).toBe(0);
  for (const { refreshToken, accessToken } of [own, other, ...(handedOut === null ? [] : [handedOut])]) {
    expect((await gate.refresh(refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect((await gate.me(accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
  }
  for (const { session } of [own, other]) {
    expect(await auditOf(gate.database, session.id)).toEqual(['SESSION_ENDED LOGOUT_EVERYWHERE']);
  }
}

describe('refresh against logoutEverywhere', () => {
  it('S4: refresh, then logoutEverywhere while it is on its way: no token survives, 100 rounds', async () => {
    const person = await newcomer();
    for (let round = 0; round < ROUNDS; round += 1) {
      const sessions = await twoSessions(person);
      await holdSession(holder, sessions.own.session.id);
      const refreshing = refresh(sessions);
      await untilWaiting(gate.database, 1);
      const ending = logoutEverywhere(sessions);
      await untilWaiting(gate.database, 2);
      await holder.query('COMMIT');
      const [{ tokens }, count] = await Promise.all([refreshing, ending]);
      expect({ isRefreshed: tokens !== null, count }).toEqual({ isRefreshed: true, count: 2 });
      await expectNobodyLeft(sessions, tokens);
    }
  });

  it('S4: logoutEverywhere, then refresh while it is on its way: refused, 100 rounds', async () => {
    const person = await newcomer();
    for (let round = 0; round < ROUNDS; round += 1) {
      const sessions = await twoSessions(person);
      await holdSession(holder, sessions.own.session.id);
      const ending = logoutEverywhere(sessions);
      await untilWaiting(gate.database, 1);
      const refreshing = refresh(sessions);
      await untilWaiting(gate.database, 2);
      await holder.query('COMMIT');
      const [{ errors }, count] = await Promise.all([refreshing, ending]);
      expect({ refusal: errors?.[0]?.extensions, count }).toEqual({ refusal: INVALID_GRANT, count: 2 });
      await expectNobodyLeft(sessions, null);
    }
  });

  it('S4: refresh and logoutEverywhere let loose at once, 100 rounds in either order', async () => {
    const person = await newcomer();
    for (let round = 0; round < 2 * ROUNDS; round += 1) {
      const sessions = await twoSessions(person);
      const calls = [() => refresh(sessions), () => logoutEverywhere(sessions)];
      const ordered = round % 2 === 0 ? calls : calls.toReversed();
      const answers = await Promise.all(ordered.map((call) => call()));
      const [answer, count] = round % 2 === 0 ? answers : answers.toReversed();
      expect(count).toBe(2);
      if (typeof answer !== 'object') throw new Error('the refresh was not answered');
      if (answer.tokens === null) expect(answer.errors?.[0]?.extensions).toEqual(INVALID_GRANT);
      await expectNobodyLeft(sessions, answer.tokens);
    }
  });

  /** Somebody whose only sessions are those of the rounds. */
  async function newcomer(): Promise<Person> {
    const person = await gate.registerSomebody();
    await gate.send('mutation { logout }', {}, person);
    return person;
  }
});
