import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const INVALID_GRANT = { code: 'UNAUTHENTICATED', reason: 'INVALID_GRANT' };

interface SessionRow {
  generation: number;
  confirmed_generation: number;
  late_answers_in_row: number;
  revoked_at: Date | null;
  end_cause: string | null;
}

async function rowOf(sessionId: string): Promise<SessionRow> {
  const [row] = await gate.database.query<SessionRow>('SELECT * FROM gatehouse.refresh_sessions WHERE id = $1', [
    sessionId,
  ]);
  if (row === undefined) throw new Error('no such session');
  return row;
}

describe('refreshing', () => {
  it('rotates: answers the next refresh token and a new access token of the same session', async () => {
    const ada = await gate.registerSomebody();
    const { tokens } = await gate.refresh(ada.refreshToken);
    expect(tokens).toMatchObject({
      tokenType: 'Bearer',
      session: { id: ada.session.id, current: true },
      user: ada.user,
    });
    expect(tokens?.refreshToken).not.toBe(ada.refreshToken);
    expect((await gate.me(tokens?.accessToken)).data.me.id).toBe(ada.user.id);
    expect(await rowOf(ada.session.id)).toMatchObject({ generation: 1, revoked_at: null });
  });

  it('R5: answers the same current token to its predecessor within the grace window, to its very last second', async () => {
    const ada = await gate.registerSomebody();
    const first = await gate.refresh(ada.refreshToken);
    gate.clock.advance(10);
    const second = await gate.refresh(ada.refreshToken);
    expect(second.tokens?.refreshToken).toBe(first.tokens?.refreshToken);
    expect(await rowOf(ada.session.id)).toMatchObject({ generation: 1, revoked_at: null });
  });

  it('R6: ends the session when its predecessor comes after the window and the successor was seen in use', async () => {
    const ada = await gate.registerSomebody();
    const other = await gate.login(ada);
    const { tokens } = await gate.refresh(ada.refreshToken);
    await gate.me(tokens?.accessToken);
    gate.clock.advance(11);
    expect((await gate.refresh(ada.refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect(await rowOf(ada.session.id)).toMatchObject({ end_cause: 'REUSE' });
    expect((await gate.refresh(tokens?.refreshToken ?? '')).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect((await gate.refresh(other.refreshToken)).tokens).not.toBeNull();
    const events = await gate.database.query(
      'SELECT kind, cause FROM gatehouse.audit_events WHERE session_id = $1 AND kind = $2',
      [ada.session.id, 'SESSION_ENDED'],
    );
    expect(events).toEqual([{ kind: 'SESSION_ENDED', cause: 'REUSE' }]);
  });
});
