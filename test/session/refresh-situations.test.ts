import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditOf, INVALID_GRANT, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const spend = (token: string) => refreshed(gate, token);

async function expectRefused(token: string): Promise<void> {
  expect((await gate.refresh(token)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
}

async function expectReuse(sessionId: string): Promise<void> {
  expect(await sessionRow(gate.database, sessionId)).toMatchObject({ end_cause: 'REUSE' });
  expect(await auditOf(gate.database, sessionId)).toEqual(['SESSION_ENDED REUSE']);
}

describe('the five situations', () => {
  it.each([0, 5, 10])(
    '1: two tabs refresh with one token, %d s apart: both go on with the same token',
    async (seconds) => {
      const { refreshToken } = await gate.registerSomebody();
      const first = await spend(refreshToken);
      await gate.me(first.accessToken);
      gate.clock.advance(seconds);
      const second = await spend(refreshToken);
      expect(second.refreshToken).toBe(first.refreshToken);
      expect((await gate.me(second.accessToken)).data.me).not.toBeNull();
      await spend(second.refreshToken);
    },
  );

  it.each([
    ['2: the answer is lost and the client retries after 5 s: it goes on', 5],
    ['3: the answer is lost and a phone comes back after 10 minutes: it goes on', 600],
  ])('%s', async (_name, seconds) => {
    const { refreshToken } = await gate.registerSomebody();
    await spend(refreshToken);
    gate.clock.advance(seconds);
    const retried = await spend(refreshToken);
    expect((await gate.me(retried.accessToken)).data.me).not.toBeNull();
    gate.clock.advance(900);
    await spend(retried.refreshToken);
  });

  /** The calls until one is refused, two holders of one token refreshing in turn. */
  async function callsInTurn({ showsAccessToken }: { showsAccessToken: (holder: number) => boolean }) {
    const { refreshToken, session } = await gate.registerSomebody();
    const tokens = [refreshToken, refreshToken];
    for (let call = 1; call <= 30; call += 1) {
      const holder = (call - 1) % 2;
      const { tokens: answer } = await gate.refresh(tokens[holder] ?? '');
      if (answer === null) return { call, sessionId: session.id, tokens };
      tokens[holder] = answer.refreshToken;
      if (showsAccessToken(holder)) await gate.me(answer.accessToken);
      gate.clock.advance(3_600);
    }
    throw new Error('never found');
  }

  it('4: thief and owner in turn are found at the 12th call, where neither ever shows an access token', async () => {
    const { call, sessionId, tokens } = await callsInTurn({ showsAccessToken: () => false });
    expect(call).toBe(12);
    await expectReuse(sessionId);
    for (const token of tokens) await expectRefused(token);
  });

  it("4: thief and owner in turn are found at the second one's first call, where the first shows an access token", async () => {
    const { call, sessionId } = await callsInTurn({ showsAccessToken: (holder) => holder === 0 });
    expect(call).toBe(2);
    await expectReuse(sessionId);
  });

  it('4: they are found at the 12th call, too, where only the one who always comes second shows access tokens', async () => {
    // What came in is just what one client sends that loses every answer and asks again: only their number tells.
    const { call, sessionId } = await callsInTurn({ showsAccessToken: (holder) => holder === 1 });
    expect(call).toBe(12);
    await expectReuse(sessionId);
  });

  it('5: a guessed or mangled token of a known session is refused, and the session lives', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    const mangled = refreshToken.slice(0, -1) + (refreshToken.endsWith('A') ? 'B' : 'A');
    await expectRefused(mangled);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ generation: 0, revoked_at: null });
    await spend(refreshToken);
  });
});
