import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GraphqlAnswer, LOGIN, LOGOUT, type Person, REFRESH, REGISTER } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const NOBODY = '00000000-0000-0000-0000-000000000000';
const SESSIONS_PER_USER = 3;

interface AuditRow {
  user_id: string;
  kind: string;
  cause: string | null;
  request_id: string | null;
  session_id: string | null;
  ip_address: string | null;
  user_agent: string | null;
  at: string;
}

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ SESSIONS_PER_USER_MAX: String(SESSIONS_PER_USER) });
});
afterAll(() => gate.close());

const headers = { 'user-agent': 'audit-test/1.0' };

/** The rows that one request has written. */
async function rowsOf(answer: GraphqlAnswer): Promise<AuditRow[]> {
  const requestId = answer.headers.get('x-request-id');
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  return gate.database.query<AuditRow>(
    `SELECT user_id, kind, cause, request_id, session_id, ip_address, user_agent,
       to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
     FROM gatehouse.audit_events WHERE request_id = $1 ORDER BY at, id`,
    [requestId],
  );
}

/** Exactly these events for one request: each with its time, request, address and client. */
async function expectEvents(
  answer: GraphqlAnswer,
  events: { kind: string; cause: string | null; user_id: string; session_id: string | null }[],
): Promise<void> {
  const common = {
    at: gate.clock.now().toISOString(),
    request_id: answer.headers.get('x-request-id'),
    ip_address: '127.0.0.1',
    user_agent: 'audit-test/1.0',
  };
  expect(await rowsOf(answer)).toEqual(events.map((event) => ({ ...event, ...common })));
}

const somebody = (): Promise<Person> => gate.registerSomebody({ headers });
const login = (email: string, password: string) => gate.send(LOGIN, { input: { email, password } }, { headers });
const refresh = (refreshToken: string) => gate.send(REFRESH, { refreshToken }, { headers });

describe('L4: the audit trail', () => {
  it('has one event for a registration, and one for a refused one', async () => {
    const input = { email: 'grace@example.org', password: 'a long enough passphrase' };
    const made = await gate.send(REGISTER, { input }, { headers });
    const { user, session } = made.data.register;
    await expectEvents(made, [{ kind: 'REGISTERED', cause: null, user_id: user.id, session_id: session.id }]);
    const taken = await gate.send(REGISTER, { input }, { headers });
    expect(taken.data.register.__typename).toBe('EmailTaken');
    const rows = await rowsOf(taken);
    expect(rows).toEqual([expect.objectContaining({ kind: 'REGISTRATION_REFUSED', session_id: null })]);
  });

  it('has one event for a login', async () => {
    const ada = await somebody();
    const answer = await login(ada.email, ada.password);
    const { session } = answer.data.login;
    await expectEvents(answer, [
      { kind: 'LOGIN_SUCCEEDED', cause: null, user_id: ada.user.id, session_id: session.id },
    ]);
  });

  it('has one event for each login that failed, with its true cause', async () => {
    const [ada, disabled, bare] = [await somebody(), await somebody(), await somebody()];
    const { query } = gate.database;
    await query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [disabled.user.id]);
    await query('UPDATE gatehouse.users SET password_hash = NULL WHERE id = $1', [bare.user.id]);
    const failed = (cause: string, user_id: string) => [{ kind: 'LOGIN_FAILED', cause, user_id, session_id: null }];
    await expectEvents(await login(ada.email, 'not the passphrase'), failed('PASSWORD_WRONG', ada.user.id));
    await expectEvents(await login('nobody@example.org', ada.password), failed('EMAIL_UNKNOWN', NOBODY));
    await expectEvents(await login(disabled.email, disabled.password), failed('USER_DISABLED', disabled.user.id));
    await expectEvents(await login(disabled.email, 'not the passphrase'), failed('PASSWORD_WRONG', disabled.user.id));
    await expectEvents(await login(bare.email, bare.password), failed('PASSWORD_WRONG', bare.user.id));
    await expectEvents(await login(ada.email, 'x'.repeat(5_000)), failed('PASSWORD_IMPOSSIBLE', ada.user.id));
  });

  it('has one event for each end of a session, with what ended it', async () => {
    const ended = (cause: string, { user, session }: { user: { id: string }; session: { id: string } }) => [
      { kind: 'SESSION_ENDED', cause, user_id: user.id, session_id: session.id },
    ];
    const ada = await somebody();
    await expectEvents(await gate.send(LOGOUT, { refreshToken: ada.refreshToken }, { headers }), ended('LOGOUT', ada));
    await expectEvents(await gate.send(LOGOUT, { refreshToken: ada.refreshToken }, { headers }), []);

    const bob = await somebody();
    const other = await gate.login(bob);
    const options = { headers, accessToken: bob.accessToken };
    const end = () => gate.send('mutation ($id: ID!) { endSession(id: $id) }', { id: other.session.id }, options);
    await expectEvents(await end(), ended('ENDED_BY_USER', other));
    await expectEvents(await end(), []);
    const [third, fourth] = [await gate.login(bob), await gate.login(bob)];
    const others = await gate.send('mutation { endOtherSessions }', {}, options);
    const causes = (rows: AuditRow[]) => rows.map(({ cause, session_id }) => `${cause} ${session_id}`).sort();
    expect(causes(await rowsOf(others))).toEqual(
      [third, fourth].map(({ session }) => `OTHERS_ENDED_BY_USER ${session.id}`).sort(),
    );
    const everywhere = await gate.send('mutation { logoutEverywhere }', {}, options);
    await expectEvents(everywhere, ended('LOGOUT_EVERYWHERE', bob));
  });

  it('has one event for the session that a login over the limit ended', async () => {
    const ada = await somebody();
    for (let count = 1; count < SESSIONS_PER_USER; count += 1) {
      gate.clock.advance(1);
      await gate.login(ada);
    }
    gate.clock.advance(1);
    const answer = await login(ada.email, ada.password);
    const kinds = (await rowsOf(answer)).map(({ kind, cause, session_id }) => ({ kind, cause, session_id }));
    expect(kinds).toHaveLength(2);
    expect(kinds).toContainEqual({ kind: 'SESSION_ENDED', cause: 'SESSION_LIMIT', session_id: ada.session.id });
    expect(kinds).toContainEqual({ kind: 'LOGIN_SUCCEEDED', cause: null, session_id: answer.data.login.session.id });
  });

  it('has one event for the end by a reused refresh token and one for its next refusal, none for a good or a foreign one', async () => {
    const ada = await somebody();
    const first = await refresh(ada.refreshToken);
    await expectEvents(first, []);
    await expectEvents(await refresh(first.data.refreshToken.refreshToken), []);
    await expectEvents(await refresh(`ghr_${'A'.repeat(96)}`), []);
    await expectEvents(await refresh(ada.refreshToken), [
      { kind: 'SESSION_ENDED', cause: 'REUSE', user_id: ada.user.id, session_id: ada.session.id },
    ]);
    await expectEvents(await refresh(ada.refreshToken), [
      { kind: 'REFRESH_REFUSED', cause: 'SESSION_REVOKED', user_id: ada.user.id, session_id: ada.session.id },
    ]);
    await expectEvents(await refresh(ada.refreshToken), []);
  });

  it('keeps no event of what was rolled back, and none of a stranger’s tries on a session', async () => {
    const [ada, eve] = [await somebody(), await somebody()];
    const options = { headers, accessToken: eve.accessToken };
    const answer = await gate.send('mutation ($id: ID!) { endSession(id: $id) }', { id: ada.session.id }, options);
    expect(answer.data).toEqual({ endSession: false });
    await expectEvents(answer, []);
  });

  it('cuts what a client calls itself at 512 characters', async () => {
    const ada = await somebody();
    const answer = await gate.send(
      LOGIN,
      { input: { email: ada.email, password: ada.password } },
      { headers: { 'user-agent': 'x'.repeat(3_000) } },
    );
    const [row] = await rowsOf(answer);
    expect(row?.user_agent).toBe('x'.repeat(512));
  });
});
