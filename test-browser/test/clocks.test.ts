import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContext } from 'playwright-core';
import { holdBack } from './support/answer-proxy.js';
import { makeClocksMovable, passInPage } from './support/page-clock.js';
import { type Stage, setStage } from './support/stage.js';
import { stopScript } from './support/stop-script.js';
import { signedInTabs, wasSignedOut, whoIs } from './support/tabs.js';

const TTL_SECONDS = 900;
const NIGHT_SECONDS = 8 * 3600;
const HOUR_MS = 3_600_000;

let stage: Stage;
beforeAll(async () => {
  stage = await setStage({ ACCESS_TOKEN_TTL_SECONDS: String(TTL_SECONDS) });
});
afterAll(() => stage?.close());

describe('a laptop that slept', () => {
  it.each([
    ['its steady clock stood still', true],
    ['its steady clock went on', false],
  ])('goes on after eight hours with one refresh and no request that fails: %s', async (_how, isAsleep) => {
    const { tabs, email, generation } = await signedInTabs(stage, 3, makeClocksMovable);
    for (const tab of tabs) expect(await whoIs(tab)).toBe(email);
    for (const tab of tabs) await passInPage(tab, NIGHT_SECONDS, { isAsleep });
    const wakes = await Promise.all(tabs.map(stopScript));
    stage.clock.advance(NIGHT_SECONDS);
    for (const wake of wakes) await wake();
    stage.proxy.seen = [];
    expect(await Promise.all(tabs.map(whoIs))).toEqual(tabs.map(() => email));
    expect(await generation()).toBe(1);
    expect(stage.proxy.count('RefreshToken')).toBe(1);
    expect(stage.proxy.seen.filter(({ answer }) => answer.includes('"errors"'))).toEqual([]);
    for (const tab of tabs) expect(await wasSignedOut(tab)).toBe(false);
  });

  it('goes on where it fell asleep in the middle of a refresh, whose answer it never got', async () => {
    const { first, email, generation, isAlive } = await signedInTabs(stage, 1, makeClocksMovable);
    await first.reload();
    const answer = holdBack(stage.proxy, 'RefreshToken', 'none');
    const asked = whoIs(first);
    await answer.isHeld;
    const wake = await stopScript(first);
    stage.clock.advance(NIGHT_SECONDS);
    answer.release();
    await wake();
    expect(await asked).toBe(email);
    expect(await generation()).toBe(1);
    expect(await isAlive()).toBe(true);
  });

  it('gets over a clock that did not notice the sleep: one request is refused, the app sees none', async () => {
    const { first, email, generation } = await signedInTabs(stage, 1, makeClocksMovable);
    stage.clock.advance(NIGHT_SECONDS);
    stage.proxy.seen = [];
    expect(await whoIs(first)).toBe(email);
    expect(await generation()).toBe(1);
    expect(stage.proxy.count('Me')).toBe(2);
  });

  it('is told why where it slept longer than a session may idle', async () => {
    const { first } = await signedInTabs(stage, 1, makeClocksMovable);
    stage.clock.advance(8 * 86_400);
    await passInPage(first, 8 * 86_400);
    expect(await whoIs(first)).toBeNull();
    expect(await first.evaluate(() => window.changes.at(-1))).toEqual({
      status: 'signed_out',
      reason: 'INVALID_GRANT',
    });
  });
});

describe('a client whose clock is wrong', () => {
  it.each([
    ['an hour slow', -HOUR_MS],
    ['an hour fast', HOUR_MS],
    ['at 1970', -Date.now()],
  ])('refreshes as seldom as one whose clock is right: %s', async (_how, offMs) => {
    const prepare = (context: BrowserContext) => makeClocksMovable(context, offMs);
    const { tabs, first, email, generation } = await signedInTabs(stage, 2, prepare);
    const off = await first.evaluate(() => Date.now() - performance.timeOrigin - performance.now());
    expect(Math.abs(off - offMs)).toBeLessThan(2_000);
    for (let minute = 0; minute < 40; minute += 1) {
      stage.clock.advance(60);
      for (const tab of tabs) {
        await passInPage(tab, 60);
        expect(await whoIs(tab)).toBe(email);
      }
    }
    // Tokens of 15 minutes less up to 5 %, refreshed half a minute before their end.
    expect(await generation()).toBeGreaterThanOrEqual(2);
    expect(await generation()).toBeLessThanOrEqual(3);
    for (const tab of tabs) expect(await wasSignedOut(tab)).toBe(false);
  });

  it('refreshes at most once for each time that the clock is set, however often it is asked', async () => {
    const { first, email, generation } = await signedInTabs(stage, 1, makeClocksMovable);
    const jumps = [3600, -3600, -3600, 3600, 86_400, -86_400];
    for (const [at, seconds] of jumps.entries()) {
      await passInPage(first, seconds, { isAsleep: true });
      for (let ask = 0; ask < 5; ask += 1) expect(await whoIs(first)).toBe(email);
      expect(await generation()).toBeLessThanOrEqual(at + 1);
    }
    expect(await wasSignedOut(first)).toBe(false);
  });
});
