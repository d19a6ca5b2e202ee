import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addSignInGate, openConnection, SIGN_IN_GATE, untilWaiting } from '../support/lock-step.js';
import { auditOf, INVALID_GRANT, liveSessions, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

describe('S9: the limit of sessions', () => {
  let gate: TestGateway;
  beforeAll(async () => {
    gate = await startTestGateway();
  });
  afterAll(() => gate.close());

  it('S9: the 51st session ends the least recently used one, and says so in the audit trail', async () => {
    const ada = await gate.registerSomebody();
    const logins = [];
    for (let count = 2; count <= 50; count += 1) {
      gate.clock.advance(1);
      logins.push(await gate.login(ada));
    }
    expect(await liveSessions(gate.database, ada.user.id)).toBe(50);
    // The oldest is used again: now the second is the least recently used.
    gate.clock.advance(1);
    const { refreshToken } = await refreshed(gate, ada.refreshToken);
    await gate.login(ada);
    expect(await liveSessions(gate.database, ada.user.id)).toBe(50);
    const [second, third] = logins;
    expect(await sessionRow(gate.database, second?.session.id ?? '')).toMatchObject({ end_cause: 'SESSION_LIMIT' });
    expect(await auditOf(gate.database, second?.session.id ?? '')).toEqual(['SESSION_ENDED SESSION_LIMIT']);
    expect((await gate.refresh(second?.refreshToken ?? '')).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect((await gate.me(second?.accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
    await refreshed(gate, third?.refreshToken ?? '');
    await refreshed(gate, refreshToken);
  });
});

describe('S9: a small limit', () => {
  let gate: TestGateway;
  beforeAll(async () => {
    gate = await startTestGateway({ SESSIONS_PER_USER_MAX: '3', DATABASE_POOL_MAX: '20' });
  });
  afterAll(() => gate.close());

  it('S9: counts live sessions only, and those of the user only', async () => {
    const stranger = await gate.registerSomebody();
    const ada = await gate.registerSomebody();
    const [second, third] = [await gate.login(ada), await gate.login(ada)];
    await gate.send('mutation { logout }', {}, second);
    const fourth = await gate.login(ada);
    expect(await liveSessions(gate.database, ada.user.id)).toBe(3);
    for (const { refreshToken } of [ada, third, fourth, stranger]) await refreshed(gate, refreshToken);
    // All but the stranger's expire here and count no longer; nor are they ended a second time.
    gate.clock.advance(604_800);
    for (let count = 1; count <= 3; count += 1) await gate.login(ada);
    expect(await auditOf(gate.database, ada.session.id)).toEqual([]);
  });

  it('S9: logins at once end within the limit, not under it', async () => {
    await addSignInGate(gate.database);
    const gatekeeper = await openConnection(gate.database);
    for (let round = 0; round < 10; round += 1) {
      const ada = await gate.registerSomebody();
      await gatekeeper.query('SELECT pg_advisory_lock($1)', [SIGN_IN_GATE]);
      const loggingIn = Array.from({ length: 8 }, () => gate.login(ada));
      await untilWaiting(gate.database, 8);
      await gatekeeper.query('SELECT pg_advisory_unlock($1)', [SIGN_IN_GATE]);
      const logins = await Promise.all(loggingIn);
      expect(await liveSessions(gate.database, ada.user.id)).toBe(3);
      const refreshes = await Promise.all(logins.map(({ refreshToken }) => gate.refresh(refreshToken)));
      expect(refreshes.filter(({ tokens }) => tokens !== null)).toHaveLength(3);
    }
    await gatekeeper.close();
  });
});
