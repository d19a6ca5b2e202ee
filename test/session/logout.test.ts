import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGOUT, type SendOptions } from '../support/graphql-client.js';
import { auditOf, INVALID_GRANT, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

/** Logs out; whatever comes along, the answer must be the same. */
async function logout(refreshToken?: string, options: SendOptions = {}): Promise<void> {
  const answer = await gate.send(LOGOUT, refreshToken === undefined ? {} : { refreshToken }, options);
  expect(answer).toMatchObject({ status: 200, text: '{"data":{"logout":true}}\n' });
}

const isLive = async (sessionId: string) => (await sessionRow(gate.database, sessionId)).revoked_at === null;

describe('logout', () => {
  it('S1: refuses the old access token and the old refresh token at once, and says so in the audit trail', async () => {
    const ada = await gate.registerSomebody();
    const { accessToken, refreshToken } = await refreshed(gate, ada.refreshToken);
    await logout(undefined, { accessToken });
    for (const token of [accessToken, ada.accessToken]) {
      expect((await gate.me(token)).errors?.[0]?.extensions).toEqual({
        code: 'UNAUTHENTICATED',
        reason: 'SESSION_ENDED',
      });
    }
    for (const token of [refreshToken, ada.refreshToken]) {
      expect((await gate.refresh(token)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    }
    expect(await auditOf(gate.database, ada.session.id)).toEqual(['SESSION_ENDED LOGOUT']);
  });

  it('S1: ends the session of a refresh token of any generation', async () => {
    for (const generation of [0, 1, 2, 3]) {
      const ada = await gate.registerSomebody();
      const tokens = [ada.refreshToken];
      for (let rotations = 0; rotations < 3; rotations += 1) {
        tokens.push((await refreshed(gate, tokens.at(-1) ?? '')).refreshToken);
      }
      await logout(tokens[generation]);
      expect(await isLive(ada.session.id)).toBe(false);
    }
  });

  it('counts the argument before the access token, and ends one session only', async () => {
    const here = await gate.registerSomebody();
    const there = await gate.login(here);
    await logout(there.refreshToken, { accessToken: here.accessToken });
    expect([await isLive(here.session.id), await isLive(there.session.id)]).toEqual([true, false]);
  });

  it.each([
    ['mangled', (token: string) => `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`],
    ['nonsense', () => 'nonsense'],
    ['empty', () => ''],
  ])(
    'ends the session of the access token where the refresh token is %s, and not that of the refresh token',
    async (_how, mangle) => {
      const here = await gate.registerSomebody();
      const there = await gate.registerSomebody();
      await logout(mangle(there.refreshToken), { accessToken: here.accessToken });
      expect([await isLive(here.session.id), await isLive(there.session.id)]).toEqual([false, true]);
    },
  );

  it('ends the session of the access token where that of the refresh token is over already', async () => {
    const here = await gate.registerSomebody();
    const ended = await gate.login(here);
    await logout(ended.refreshToken);
    await logout(ended.refreshToken, { accessToken: here.accessToken });
    expect(await isLive(here.session.id)).toBe(false);
  });

  it('S2: twice, without a token, or with bad ones: always true, and nothing more happens', async () => {
    const ada = await gate.registerSomebody();
    await logout(ada.refreshToken);
    await logout(ada.refreshToken);
    await logout(undefined, { accessToken: ada.accessToken });
    await logout(ada.refreshToken, { accessToken: ada.accessToken });
    expect(await auditOf(gate.database, ada.session.id)).toEqual(['SESSION_ENDED LOGOUT']);
    for (const token of [undefined, '', 'ghr_', `ghr_${'A'.repeat(96)}`, randomUUID(), 'x'.repeat(10_000)])
      await logout(token);
    await logout(undefined, { accessToken: 'nonsense' });
  });

  it('S2: twenty at once end the session once', async () => {
    const ada = await gate.registerSomebody();
    await Promise.all(Array.from({ length: 20 }, () => logout(ada.refreshToken)));
    expect(await auditOf(gate.database, ada.session.id)).toEqual(['SESSION_ENDED LOGOUT']);
  });
});
