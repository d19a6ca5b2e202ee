import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.js';
import { GOOD_PASSWORD, LOGIN, LOGOUT, type Person, REGISTER } from '../support/graphql-client.js';
import { isReady } from '../support/is-ready.js';
import { auditOf, liveSessions, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

/** What stands in one statement, and in no other. */
const ROTATION = 'SET generation =';
const LATE_ANSWER = 'SET late_answered_generation =';
const END = 'SET revoked_at =';
const COMMIT = 'COMMIT';
const REGISTRATION = 'ON CONFLICT (email) DO UPDATE SET';
const NEW_SESSION = 'WITH checked AS MATERIALIZED';
const A_LOOK = 'LEFT JOIN "gatehouse".auth_changes';

/** Here nobody listens for wake-ups, and each statement is sent as text. */
const NOWHERE = 'postgresql://nobody@127.0.0.1:1/nothing';

/** `gate` is healthy and owns the database; `shaky` reaches it through the proxy. */
let gate: TestGateway;
let proxy: DatabaseProxy;
let shaky: Awaited<ReturnType<TestGateway['startSibling']>>;
let ada: Person;
beforeAll(async () => {
  gate = await startTestGateway();
  proxy = await startDatabaseProxy(gate.database.url);
  shaky = await gate.startSibling({ databaseUrl: proxy.url, databaseDirectUrl: NOWHERE });
});
afterAll(async () => {
  await shaky.gateway.close();
  await proxy.close();
  await gate.close();
});
beforeEach(async () => {
  ada = await gate.registerSomebody();
  await waitUntil('it is ready', () => isReady(shaky.gateway.url));
});

const rowOf = ({ session }: Person) => sessionRow(gate.database, session.id);

describe('a statement is carried out, and its answer is lost', () => {
  it('a rotation: the answer has the next token, and the session has advanced once', async () => {
    const lost = proxy.loseAnswerTo(ROTATION);
    const { refreshToken } = await refreshed(shaky, ada.refreshToken);
    await lost;
    expect(await rowOf(ada)).toMatchObject({ generation: 1, revoked_at: null, late_answers_in_row: 0 });
    await refreshed(shaky, refreshToken);
    expect(await rowOf(ada)).toMatchObject({ generation: 2, revoked_at: null });
  });

  it.each([1, 600])(
    'a rotation, and the database stays away: unknown now, the same token works %i s later',
    async (seconds) => {
      const lost = proxy.loseAnswerTo(ROTATION).then(() => proxy.setRefusing(true));
      const { errors } = await shaky.refresh(ada.refreshToken);
      await lost;
      expect(errors?.[0]?.extensions).toEqual({ code: 'SERVICE_UNAVAILABLE', retryAfter: expect.any(Number) });
      expect(await rowOf(ada)).toMatchObject({ generation: 1 });
      proxy.setRefusing(false);
      gate.clock.advance(seconds);
      const { refreshToken } = await refreshed(shaky, ada.refreshToken);
      expect(await rowOf(ada)).toMatchObject({ generation: 1, revoked_at: null });
      await refreshed(shaky, refreshToken);
    },
  );

  it('a late answer: it is counted once, and answers the same token', async () => {
    const { refreshToken } = await refreshed(shaky, ada.refreshToken);
    gate.clock.advance(11);
    const lost = proxy.loseAnswerTo(LATE_ANSWER);
    expect((await refreshed(shaky, ada.refreshToken)).refreshToken).toBe(refreshToken);
    await lost;
    expect(await rowOf(ada)).toMatchObject({ generation: 1, late_answers_in_row: 1, revoked_at: null });
    await refreshed(shaky, refreshToken);
  });

  it('a registration: the account is there once, and whoever made it is signed in', async () => {
    const credential = { email: `${randomUUID()}@example.org`, password: GOOD_PASSWORD };
    const lost = proxy.loseAnswerTo(REGISTRATION);
    const { data } = await shaky.send(REGISTER, { input: credential });
    await lost;
    expect(data.register.__typename).toBe('AuthPayload');
    expect(await liveSessions(gate.database, data.register.user.id)).toBe(1);
    expect((await shaky.me(data.register.accessToken)).data.me.email).toBe(credential.email);
    await refreshed(shaky, data.register.refreshToken);
    expect((await gate.login(credential)).user.id).toBe(data.register.user.id);
  });

  it('a login: one session begins, not two', async () => {
    const lost = proxy.loseAnswerTo(NEW_SESSION);
    const { data } = await shaky.send(LOGIN, { input: { email: ada.email, password: ada.password } });
    await lost;
    expect(data.login.__typename).toBe('AuthPayload');
    expect(await liveSessions(gate.database, ada.user.id)).toBe(2);
    const logins = await gate.database.query(
      `SELECT session_id FROM gatehouse.audit_events WHERE user_id = $1 AND kind = 'LOGIN_SUCCEEDED'`,
      [ada.user.id],
    );
    expect(logins).toEqual([{ session_id: data.login.session.id }]);
    await refreshed(shaky, data.login.refreshToken);
  });
});

describe('the end of sessions is carried out, and its answer is lost', () => {
  /** The feed stays silent meanwhile, and not for so long that sessions are looked up: what is refused is known here. */
  async function withoutTheFeed(work: () => Promise<void>): Promise<void> {
    const undo = proxy.replace(A_LOOK, 'LEFT JOIN nothing');
    try {
      await work();
    } finally {
      undo();
    }
  }

  const reasonOf = async (accessToken: string) =>
    (await shaky.me(accessToken)).errors?.[0]?.extensions.reason ?? 'taken';

  async function expectEnded(people: { session: { id: string } }[], cause: string): Promise<void> {
    for (const { session } of people) {
      expect(await auditOf(gate.database, session.id)).toEqual([`SESSION_ENDED ${cause}`]);
      const rows = await gate.database.query('SELECT FROM gatehouse.auth_changes WHERE session_id = $1', [session.id]);
      expect(rows).toHaveLength(1);
    }
  }

  it('endSession: answers true, and the access token is refused here at once', async () => {
    const other = await gate.login(ada);
    expect([await reasonOf(other.accessToken), await reasonOf(ada.accessToken)]).toEqual(['taken', 'taken']);
    await withoutTheFeed(async () => {
      const lost = proxy.loseAnswerTo(END);
      const { data } = await shaky.send('mutation ($id: ID!) { endSession(id: $id) }', { id: other.session.id }, ada);
      expect(await reasonOf(other.accessToken)).toBe('SESSION_ENDED');
      await lost;
      expect(data).toEqual({ endSession: true });
    });
    expect(await reasonOf(ada.accessToken)).toBe('taken');
    await expectEnded([other], 'ENDED_BY_USER');
  });

  it('logout: answers true, and the access token is refused here at once', async () => {
    expect(await reasonOf(ada.accessToken)).toBe('taken');
    await withoutTheFeed(async () => {
      const lost = proxy.loseAnswerTo(END);
      const { data } = await shaky.send(LOGOUT, { refreshToken: ada.refreshToken });
      expect(await reasonOf(ada.accessToken)).toBe('SESSION_ENDED');
      await lost;
      expect(data).toEqual({ logout: true });
    });
    await expectEnded([ada], 'LOGOUT');
  });

  it.each([
    ['of the second statement', END],
    ['of the commit', COMMIT],
  ])(
    'logoutEverywhere, the answer %s: it answers how many ended, and all are refused here at once',
    async (_name, text) => {
      const all = [ada, await gate.login(ada), await gate.login(ada)];
      for (const { accessToken } of all) expect(await reasonOf(accessToken)).toBe('taken');
      await withoutTheFeed(async () => {
        const lost = proxy.loseAnswerTo(text);
        const { data } = await shaky.send('mutation { logoutEverywhere }', {}, ada);
        for (const { accessToken } of all) expect(await reasonOf(accessToken)).toBe('SESSION_ENDED');
        await lost;
        expect(data).toEqual({ logoutEverywhere: 3 });
      });
      expect(await liveSessions(gate.database, ada.user.id)).toBe(0);
      await expectEnded(all, 'LOGOUT_EVERYWHERE');
    },
  );

  it('endOtherSessions, the answer of the commit: it answers how many ended, and the session that asks lives', async () => {
    const others = [await gate.login(ada), await gate.login(ada)];
    for (const { accessToken } of [ada, ...others]) expect(await reasonOf(accessToken)).toBe('taken');
    await withoutTheFeed(async () => {
      const lost = proxy.loseAnswerTo(COMMIT);
      const { data } = await shaky.send('mutation { endOtherSessions }', {}, ada);
      for (const { accessToken } of others) expect(await reasonOf(accessToken)).toBe('SESSION_ENDED');
      await lost;
      expect(data).toEqual({ endOtherSessions: 2 });
    });
    expect(await reasonOf(ada.accessToken)).toBe('taken');
    await expectEnded(others, 'OTHERS_ENDED_BY_USER');
  });
});
