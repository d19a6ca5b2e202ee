import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refreshThroughGate } from '../support/refresh-through-gate.js';
import { INVALID_GRANT, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const AT_ONCE = 20;

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ DATABASE_POOL_MAX: String(AT_ONCE) });
});
afterAll(() => gate.close());

/** Twenty callers with one token. */
const throughGate = (token: { sessionId: string; refreshToken: string }) =>
  refreshThroughGate({ clients: [gate], database: gate.database, token, times: AT_ONCE });

describe('the predecessor many times at once, late', () => {
  it('counts one late answer where twenty come at once, and gives all the same token', async () => {
    const person = await gate.registerSomebody();
    const { refreshToken } = await refreshed(gate, person.refreshToken);
    gate.clock.advance(11);
    const successors = await throughGate({ sessionId: person.session.id, refreshToken: person.refreshToken });
    expect(new Set(successors)).toEqual(new Set([refreshToken]));
    expect(await sessionRow(gate.database, person.session.id)).toMatchObject({ generation: 1, late_answers_in_row: 1 });
  });

  it('answers twenty at once at the fifth late generation in a row; one generation later, it is reuse', async () => {
    const person = await gate.registerSomebody();
    const { id: sessionId } = person.session;
    let { refreshToken } = person;
    for (let inRow = 1; inRow <= 4; inRow += 1) {
      refreshToken = await rotatedAndAnsweredLate(refreshToken);
      expect(await sessionRow(gate.database, sessionId)).toMatchObject({
        generation: inRow,
        late_answers_in_row: inRow,
      });
    }
    const { refreshToken: fifth } = await refreshed(gate, refreshToken);
    gate.clock.advance(11);
    const successors = await throughGate({ sessionId, refreshToken });
    expect(new Set(successors)).toEqual(new Set([fifth]));
    expect(successors).toHaveLength(AT_ONCE);
    expect((await refreshed(gate, refreshToken)).refreshToken).toBe(fifth);
    const counted = { generation: 5, late_answers_in_row: 5, revoked_at: null };
    expect(await sessionRow(gate.database, sessionId)).toMatchObject(counted);
    await refreshed(gate, fifth);
    gate.clock.advance(11);
    expect((await gate.refresh(fifth)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect(await sessionRow(gate.database, sessionId)).toMatchObject({ generation: 6, end_cause: 'REUSE' });
  });

  /** Rotates, loses the answer and asks again, late; answers the token that both gave. */
  async function rotatedAndAnsweredLate(refreshToken: string): Promise<string> {
    const lost = await refreshed(gate, refreshToken);
    gate.clock.advance(11);
    const late = await refreshed(gate, refreshToken);
    expect(late.refreshToken).toBe(lost.refreshToken);
    return late.refreshToken;
  }
});
