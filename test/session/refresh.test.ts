import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GraphqlAnswer } from '../support/graphql-client.js';
import { auditOf, INVALID_GRANT, refreshed, type SessionRow, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const GRACE_SECONDS = 10;
const LOST_ANSWER_SECONDS = 86_400;
const IDLE_SECONDS = 604_800;

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const rowOf = (sessionId: string): Promise<SessionRow> => sessionRow(gate.database, sessionId);
const spend = (token: string) => refreshed(gate, token);
const extensionsOf = (answer: GraphqlAnswer) => answer.errors?.[0]?.extensions;

/** A session rotated once: the spent token and its successor. */
async function rotatedOnce() {
  const person = await gate.registerSomebody();
  return {
    person,
    spent: person.refreshToken,
    current: await spend(person.refreshToken),
    sessionId: person.session.id,
  };
}

async function expectEnded(sessionId: string, cause: string): Promise<void> {
  expect(await rowOf(sessionId)).toMatchObject({ end_cause: cause, revoked_at: expect.any(Date) });
  expect(await auditOf(gate.database, sessionId)).toEqual([`SESSION_ENDED ${cause}`]);
  const feed = await gate.database.query('SELECT id FROM gatehouse.auth_changes WHERE session_id = $1', [sessionId]);
  expect(feed).toHaveLength(1);
}

describe('the current token (d = 0)', () => {
  it('rotates: answers the next refresh token and a new access token of the same session', async () => {
    const ada = await gate.registerSomebody();
    const { tokens, headers } = await gate.refresh(ada.refreshToken);
    expect(tokens).toMatchObject({
      tokenType: 'Bearer',
      session: { id: ada.session.id, current: true },
      user: ada.user,
    });
    expect(tokens?.refreshToken).not.toBe(ada.refreshToken);
    expect(headers.get('cache-control')).toMatch(/no-store/);
    expect((await gate.me(tokens?.accessToken)).data.me.id).toBe(ada.user.id);
    expect(await rowOf(ada.session.id)).toMatchObject({ generation: 1, revoked_at: null });
  });

  it('moves the idle end and the last use, and notes who refreshed', async () => {
    const ada = await gate.registerSomebody();
    gate.clock.advance(3_600);
    const { tokens } = await gate.refresh(ada.refreshToken, { headers: { 'user-agent': 'a new browser' } });
    const now = gate.clock.now().toISOString();
    const end = new Date(gate.clock.now().getTime() + IDLE_SECONDS * 1000).toISOString();
    expect(tokens?.session).toMatchObject({ lastUsedAt: now, expiresAt: end, userAgent: 'a new browser' });
    expect(tokens).toMatchObject({ refreshTokenExpiresAt: end });
  });

  it('is not ended by a second refresh at once: no two generations share a token', async () => {
    const ada = await gate.registerSomebody();
    const seen = [ada.refreshToken];
    for (let generation = 1; generation <= 5; generation += 1) seen.push((await spend(seen.at(-1) ?? '')).refreshToken);
    expect(new Set(seen).size).toBe(6);
    expect(await rowOf(ada.session.id)).toMatchObject({ generation: 5, revoked_at: null });
  });
});

describe('the predecessor within the grace window', () => {
  it.each([0, 1, GRACE_SECONDS])('R5: answers the same current token %d s after the rotation', async (seconds) => {
    const { spent, current, sessionId } = await rotatedOnce();
    gate.clock.advance(seconds);
    const again = await spend(spent);
    expect(again.refreshToken).toBe(current.refreshToken);
    expect(again.accessToken).not.toBe(current.accessToken);
    expect(await rowOf(sessionId)).toMatchObject({ generation: 1, late_answers_in_row: 0, revoked_at: null });
  });

  it('R5: answers even where the successor was seen in use', async () => {
    const { spent, current } = await rotatedOnce();
    await gate.me(current.accessToken);
    gate.clock.advance(GRACE_SECONDS);
    expect((await spend(spent)).refreshToken).toBe(current.refreshToken);
  });

  it('counts the window from the rotation: an answer in it does not lengthen it', async () => {
    const { spent, current, sessionId } = await rotatedOnce();
    gate.clock.advance(GRACE_SECONDS);
    await spend(spent);
    await gate.me(current.accessToken);
    gate.clock.advance(1);
    expect(extensionsOf(await gate.refresh(spent))).toEqual(INVALID_GRANT);
    await expectEnded(sessionId, 'REUSE');
  });

  it('takes a clock that was set back for no time elapsed', async () => {
    const { spent, current, sessionId } = await rotatedOnce();
    await gate.me(current.accessToken);
    gate.clock.advance(-3_600);
    expect((await spend(spent)).refreshToken).toBe(current.refreshToken);
    gate.clock.advance(3_600);
    expect(await rowOf(sessionId)).toMatchObject({ generation: 1, late_answers_in_row: 0, revoked_at: null });
  });
});

describe('the predecessor after the grace window: a lost answer', () => {
  it.each([GRACE_SECONDS + 1, 600, LOST_ANSWER_SECONDS])(
    'answers the same current token after %d s, where the successor was never seen, and counts it once',
    async (seconds) => {
      const { spent, current, sessionId } = await rotatedOnce();
      gate.clock.advance(seconds);
      expect((await spend(spent)).refreshToken).toBe(current.refreshToken);
      expect((await spend(spent)).refreshToken).toBe(current.refreshToken);
      expect(await rowOf(sessionId)).toMatchObject({
        generation: 1,
        late_answers_in_row: 1,
        late_answered_generation: 1,
      });
      await spend(current.refreshToken);
    },
  );

  it('ends the session one second after the window for lost answers, under a cause of its own', async () => {
    const { spent, sessionId } = await rotatedOnce();
    gate.clock.advance(LOST_ANSWER_SECONDS + 1);
    expect(extensionsOf(await gate.refresh(spent))).toEqual(INVALID_GRANT);
    await expectEnded(sessionId, 'LOST_ANSWER_TOO_LATE');
  });

  it('counts that window from the rotation: a late answer does not lengthen it', async () => {
    const { spent, sessionId } = await rotatedOnce();
    gate.clock.advance(LOST_ANSWER_SECONDS);
    await spend(spent);
    gate.clock.advance(1);
    expect(extensionsOf(await gate.refresh(spent))).toEqual(INVALID_GRANT);
    await expectEnded(sessionId, 'LOST_ANSWER_TOO_LATE');
  });

  it('R6: ends this session and no other where the successor was seen in use', async () => {
    const { person, spent, current, sessionId } = await rotatedOnce();
    const other = await gate.login(person);
    await gate.me(current.accessToken);
    gate.clock.advance(GRACE_SECONDS + 1);
    expect(extensionsOf(await gate.refresh(spent))).toEqual(INVALID_GRANT);
    await expectEnded(sessionId, 'REUSE');
    expect(extensionsOf(await gate.refresh(current.refreshToken))).toEqual(INVALID_GRANT);
    expect(extensionsOf(await gate.me(current.accessToken))).toMatchObject({ reason: 'SESSION_ENDED' });
    await spend(other.refreshToken);
  });

  it('is not confirmed by an access token of the generation before', async () => {
    const { person, spent, current } = await rotatedOnce();
    await gate.me(person.accessToken);
    gate.clock.advance(GRACE_SECONDS + 1);
    expect((await spend(spent)).refreshToken).toBe(current.refreshToken);
  });

  it('is confirmed by the access token of a late answer, too', async () => {
    const { spent, sessionId } = await rotatedOnce();
    gate.clock.advance(GRACE_SECONDS + 1);
    await gate.me((await spend(spent)).accessToken);
    expect(extensionsOf(await gate.refresh(spent))).toEqual(INVALID_GRANT);
    await expectEnded(sessionId, 'REUSE');
  });

  it('does not move the idle end: neither answer within the grace window nor late ones', async () => {
    const { spent, current, sessionId } = await rotatedOnce();
    const { expires_at: end } = await rowOf(sessionId);
    for (const seconds of [GRACE_SECONDS, 3_600]) {
      gate.clock.advance(seconds);
      const again = await spend(spent);
      expect(again.session.expiresAt).toBe(end.toISOString());
    }
    gate.clock.advance(IDLE_SECONDS - GRACE_SECONDS - 3_600);
    expect(extensionsOf(await gate.refresh(current.refreshToken))).toEqual(INVALID_GRANT);
    expect(await rowOf(sessionId)).toMatchObject({ expires_at: end, generation: 1, revoked_at: null });
  });
});

describe('late answers in a row', () => {
  /** Rotates, loses the answer, and asks again late; answers the token that both gave. */
  async function loseOneAnswer(token: string): Promise<string> {
    const { refreshToken } = await spend(token);
    gate.clock.advance(GRACE_SECONDS + 1);
    expect((await spend(token)).refreshToken).toBe(refreshToken);
    return refreshToken;
  }

  it('answers five generations in a row late, and ends the session at the sixth', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    let token = refreshToken;
    for (let row = 1; row <= 5; row += 1) {
      token = await loseOneAnswer(token);
      expect(await rowOf(session.id)).toMatchObject({ generation: row, late_answers_in_row: row, revoked_at: null });
    }
    await spend(token);
    gate.clock.advance(GRACE_SECONDS + 1);
    expect(extensionsOf(await gate.refresh(token))).toEqual(INVALID_GRANT);
    await expectEnded(session.id, 'REUSE');
  });

  it.each(['without any second answer', 'after an answer within the grace window'])(
    'counts from zero again once a generation was superseded %s',
    async (how) => {
      const { refreshToken, session } = await gate.registerSomebody();
      let token = refreshToken;
      for (let row = 1; row <= 4; row += 1) token = await loseOneAnswer(token);
      const before = token;
      token = (await spend(token)).refreshToken;
      if (how !== 'without any second answer') await spend(before);
      for (let row = 1; row <= 5; row += 1) token = await loseOneAnswer(token);
      expect(await rowOf(session.id)).toMatchObject({ generation: 10, late_answers_in_row: 5, revoked_at: null });
    },
  );
});

describe('older and newer tokens', () => {
  it('R7: ends the session when a token two generations back comes, even within the window', async () => {
    const { spent, current, sessionId } = await rotatedOnce();
    const { refreshToken } = await spend(current.refreshToken);
    expect(extensionsOf(await gate.refresh(spent))).toEqual(INVALID_GRANT);
    await expectEnded(sessionId, 'REUSE');
    expect(extensionsOf(await gate.refresh(refreshToken))).toEqual(INVALID_GRANT);
  });

  it('recognises a token of an old generation for ever, without a row for it', async () => {
    const { spent, current, sessionId } = await rotatedOnce();
    let token = current.refreshToken;
    for (let generation = 2; generation <= 30; generation += 1) token = (await spend(token)).refreshToken;
    expect(extensionsOf(await gate.refresh(spent))).toEqual(INVALID_GRANT);
    await expectEnded(sessionId, 'REUSE');
  });

  it('goes on where the database lost acknowledged rotations, says so in the audit trail, and knows the spent token', async () => {
    const { spent, current, sessionId } = await rotatedOnce();
    const last = await spend(current.refreshToken);
    // A restored database: the row as it was before both rotations.
    await gate.database.query('UPDATE gatehouse.refresh_sessions SET generation = 0 WHERE id = $1', [sessionId]);
    const next = await spend(last.refreshToken);
    expect(await rowOf(sessionId)).toMatchObject({ generation: 3, revoked_at: null });
    expect(await auditOf(gate.database, sessionId)).toEqual(['DATABASE_WENT_BACK']);
    expect((await spend(last.refreshToken)).refreshToken).toBe(next.refreshToken);
    expect(extensionsOf(await gate.refresh(spent))).toEqual(INVALID_GRANT);
    expect(await rowOf(sessionId)).toMatchObject({ end_cause: 'REUSE' });
  });

  it('goes back and catches up once where twenty such refreshes come at once', async () => {
    const { current, sessionId } = await rotatedOnce();
    await gate.database.query('UPDATE gatehouse.refresh_sessions SET generation = 0 WHERE id = $1', [sessionId]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => spend(current.refreshToken)));
    expect(new Set(answers.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    expect(await rowOf(sessionId)).toMatchObject({ generation: 2 });
    expect(await auditOf(gate.database, sessionId)).toEqual(['DATABASE_WENT_BACK']);
  });
});

describe('sessions that are over', () => {
  /** Presents both tokens; both must be refused and nothing may change. */
  async function expectRefusedUnchanged({
    spent,
    current,
    sessionId,
  }: Awaited<ReturnType<typeof rotatedOnce>>): Promise<void> {
    const [row, audit] = [await rowOf(sessionId), await auditOf(gate.database, sessionId)];
    for (const token of [current.refreshToken, spent]) {
      expect(extensionsOf(await gate.refresh(token))).toEqual(INVALID_GRANT);
    }
    expect(await rowOf(sessionId)).toEqual(row);
    expect(await auditOf(gate.database, sessionId)).toEqual(audit);
  }

  it('refuses where the session was revoked, and keeps the first cause', async () => {
    const ada = await rotatedOnce();
    await gate.send('mutation { logout }', {}, { accessToken: ada.current.accessToken });
    await expectRefusedUnchanged(ada);
    expect(await rowOf(ada.sessionId)).toMatchObject({ end_cause: 'LOGOUT' });
  });

  it('R9: refuses from the very second of the idle end, and takes the token the second before', async () => {
    const ada = await rotatedOnce();
    gate.clock.advance(IDLE_SECONDS);
    await expectRefusedUnchanged(ada);
    gate.clock.advance(-1);
    await spend(ada.current.refreshToken);
  });

  it('R15: refuses while the user is disabled', async () => {
    const ada = await rotatedOnce();
    await gate.database.query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [ada.person.user.id]);
    await expectRefusedUnchanged(ada);
    await gate.database.query('UPDATE gatehouse.users SET disabled_at = NULL WHERE id = $1', [ada.person.user.id]);
    await spend(ada.current.refreshToken);
  });
});
