import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditOf, claimsOf, INVALID_GRANT, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DAY_SECONDS = 86_400;
const ABSOLUTE_SECONDS = 30 * DAY_SECONDS;

describe('with the settings as they come', () => {
  let gate: TestGateway;
  beforeAll(async () => {
    gate = await startTestGateway();
  });
  afterAll(() => gate.close());

  it('R8: refreshes until the absolute end, which nothing moves; no token expires after it', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    const end = gate.clock.now().getTime() + ABSOLUTE_SECONDS * 1000;
    let token = refreshToken;
    for (const seconds of [6, 6, 6, 6, 5].map((days) => days * DAY_SECONDS).concat(DAY_SECONDS - 600, 599)) {
      gate.clock.advance(seconds);
      const tokens = await refreshed(gate, token);
      expect(claimsOf(tokens.accessToken).exp * 1000).toBeLessThanOrEqual(end);
      expect(Date.parse(tokens.session.expiresAt)).toBeLessThanOrEqual(end);
      expect(tokens).toMatchObject({ refreshTokenExpiresAt: tokens.session.expiresAt });
      token = tokens.refreshToken;
    }
    expect((await sessionRow(gate.database, session.id)).absolute_expires_at.getTime()).toBe(end);
    const last = await sessionRow(gate.database, session.id);
    gate.clock.advance(1);
    expect((await gate.refresh(token)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect(await sessionRow(gate.database, session.id)).toEqual(last);
    expect(await auditOf(gate.database, session.id)).toEqual([]);
  });

  it('gives access tokens 15 minutes less up to 5 %, not all alike, and says for how long', async () => {
    let { refreshToken } = await gate.registerSomebody();
    const lives: number[] = [];
    for (let times = 0; times < 100; times += 1) {
      const tokens = await refreshed(gate, refreshToken);
      const { iat, exp } = claimsOf(tokens.accessToken);
      expect(tokens.expiresIn).toBe(exp - iat);
      lives.push(exp - iat);
      refreshToken = tokens.refreshToken;
    }
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(855);
    expect(Math.max(...lives)).toBeLessThanOrEqual(900);
    expect(new Set(lives).size).toBeGreaterThan(5);
  });

  it('gives a late or repeated answer no longer life than its session', async () => {
    const { refreshToken } = await gate.registerSomebody();
    await refreshed(gate, refreshToken);
    await gate.database.query(`UPDATE gatehouse.refresh_sessions SET expires_at = $1`, [
      new Date(gate.clock.now().getTime() + 12_000),
    ]);
    for (const seconds of [10, 1]) {
      gate.clock.advance(seconds);
      const { accessToken, expiresIn, session } = await refreshed(gate, refreshToken);
      expect(claimsOf(accessToken).exp * 1000).toBe(Date.parse(session.expiresAt));
      expect(expiresIn).toBeLessThanOrEqual(2);
    }
  });
});

describe('with settings of a few seconds', () => {
  let gate: TestGateway;
  beforeAll(async () => {
    gate = await startTestGateway({
      ACCESS_TOKEN_TTL_SECONDS: '2',
      SESSION_IDLE_TTL_SECONDS: '6',
      SESSION_ABSOLUTE_TTL_SECONDS: '10',
      REFRESH_GRACE_SECONDS: '1',
      REFRESH_LOST_ANSWER_SECONDS: '3',
    });
  });
  afterAll(() => gate.close());

  it('keeps each of them to the second', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    const first = await refreshed(gate, refreshToken);
    expect(first.expiresIn).toBeLessThanOrEqual(2);
    gate.clock.advance(1);
    await refreshed(gate, refreshToken);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ late_answers_in_row: 0 });
    gate.clock.advance(2);
    await refreshed(gate, refreshToken);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ late_answers_in_row: 1 });
    const second = await refreshed(gate, first.refreshToken);
    gate.clock.advance(5);
    const third = await refreshed(gate, second.refreshToken);
    gate.clock.advance(1);
    expect(third.expiresIn).toBeLessThanOrEqual(2);
    const fourth = await refreshed(gate, third.refreshToken);
    expect(fourth.expiresIn).toBe(1);
    gate.clock.advance(1);
    expect((await gate.refresh(fourth.refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
  });

  it('ends the session where the answer is asked for a second too late', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    await refreshed(gate, refreshToken);
    gate.clock.advance(4);
    await gate.refresh(refreshToken);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ end_cause: 'LOST_ANSWER_TOO_LATE' });
  });

  it('R9: keeps the idle end', async () => {
    const { refreshToken } = await gate.registerSomebody();
    gate.clock.advance(6);
    expect((await gate.refresh(refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
  });
});

describe('with a window for lost answers that is longer than the session', () => {
  let gate: TestGateway;
  beforeAll(async () => {
    gate = await startTestGateway({
      ACCESS_TOKEN_TTL_SECONDS: '10',
      SESSION_IDLE_TTL_SECONDS: '100',
      REFRESH_LOST_ANSWER_SECONDS: '86400',
    });
  });
  afterAll(() => gate.close());

  it('closes the window at the end of the session, which expires and is not ended', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    await refreshed(gate, refreshToken);
    gate.clock.advance(99);
    await refreshed(gate, refreshToken);
    gate.clock.advance(1);
    expect((await gate.refresh(refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ revoked_at: null });
    expect(await auditOf(gate.database, session.id)).toEqual([]);
  });
});
