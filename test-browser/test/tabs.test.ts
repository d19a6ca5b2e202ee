import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { waitUntil } from '../../dist/test/support/wait-until.js';
import { holdBack } from './support/answer-proxy.js';
import { type Stage, setStage } from './support/stage.js';
import { stopScript } from './support/stop-script.js';
import { openTab, signedInTabs, stateOf, wasSignedOut, whoIs } from './support/tabs.js';

/** Short, so that it really expires, by the machine's clock. */
const TTL_SECONDS = 3;

let stage: Stage;
beforeAll(async () => {
  stage = await setStage({ ACCESS_TOKEN_TTL_SECONDS: String(TTL_SECONDS) });
});
afterAll(() => stage?.close());

const hasToken = (page: Page) => page.evaluate(() => window.auth.peekAccessToken() !== null);

/** Waits until no tab has an access token that is good for a while. */
async function untilExpired(tabs: Page[]): Promise<void> {
  await waitUntil('the access token expires', async () => !(await Promise.all(tabs.map(hasToken))).includes(true));
}

/** Each tab asks the gateway who it is, `gapMs` after the one before it, all by timers of their own. */
async function askAll(tabs: Page[], gapMs = 0): Promise<(string | null)[]> {
  const startAt = Date.now() + 150;
  return Promise.all(
    tabs.map((tab, at) =>
      tab.evaluate(
        async (askAt) => {
          await new Promise((resolve) => setTimeout(resolve, askAt - Date.now()));
          return (await window.auth.me())?.email ?? null;
        },
        startAt + at * gapMs,
      ),
    ),
  );
}

/** Takes away what tabs coordinate by. */
async function withoutLocksAndChannels(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
    Object.defineProperty(window, 'BroadcastChannel', { value: undefined });
  });
}

describe('tabs whose access token expires', () => {
  it.each([2, 12])('all go on with one rotation: %i tabs that ask at one moment', async (howMany) => {
    const { tabs, email, generation, isAlive } = await signedInTabs(stage, howMany);
    const everyone = tabs.map(() => email);
    expect(await askAll(tabs)).toEqual(everyone);
    for (const round of [1, 2, 3]) {
      const [before, sent] = [await generation(), stage.proxy.count('RefreshToken')];
      await untilExpired(tabs);
      expect(await askAll(tabs)).toEqual(everyone);
      expect({ round, rotations: (await generation()) - before }).toEqual({ round, rotations: 1 });
      expect(stage.proxy.count('RefreshToken') - sent).toBe(1);
    }
    for (const tab of tabs) expect(await wasSignedOut(tab)).toBe(false);
    expect(await isAlive()).toBe(true);
  });

  it('all go on with one rotation: twelve tabs that ask one after the other, 7 ms apart', async () => {
    const { tabs, email, generation } = await signedInTabs(stage, 12);
    expect(await askAll(tabs)).toEqual(tabs.map(() => email));
    const before = await generation();
    await untilExpired(tabs);
    expect(await askAll(tabs, 7)).toEqual(tabs.map(() => email));
    expect((await generation()) - before).toBe(1);
  });

  it('all go on where they open at one moment, none of them with an access token', async () => {
    const { context, first, email, generation } = await signedInTabs(stage);
    await first.goto('about:blank');
    const before = await generation();
    const opened = await Promise.all(Array.from({ length: 6 }, () => openTab(context, stage.app.origin)));
    expect(await askAll(opened)).toEqual(opened.map(() => email));
    // The next in the queue may have its turn before it has heard the word of the first.
    expect((await generation()) - before).toBeGreaterThanOrEqual(1);
    expect((await generation()) - before).toBeLessThanOrEqual(2);
  });

  it('all go on where the browser has neither Web Locks nor BroadcastChannel', async () => {
    const { tabs, first, email, isAlive } = await signedInTabs(stage, 2, withoutLocksAndChannels);
    expect(await first.evaluate(() => [typeof navigator.locks, typeof BroadcastChannel])).toEqual([
      'undefined',
      'undefined',
    ]);
    for (const _round of [1, 2, 3]) {
      const sent = stage.proxy.count('RefreshToken');
      await untilExpired(tabs);
      expect(await askAll(tabs)).toEqual([email, email]);
      expect(stage.proxy.count('RefreshToken') - sent).toBe(2);
    }
    for (const tab of tabs) expect(await wasSignedOut(tab)).toBe(false);
    expect(await isAlive()).toBe(true);
  });

  it('go on where one of them is frozen in the middle of its refresh; and that one too, once it is thawed', async () => {
    const { context, first, email, isAlive } = await signedInTabs(stage);
    const second = await openTab(context, `${stage.app.origin}/?timeoutMs=1500`);
    await untilExpired([first, second]);
    const answer = holdBack(stage.proxy, 'RefreshToken');
    const asked = whoIs(first);
    await answer.isHeld;
    const thaw = await stopScript(first);
    answer.release();
    await pause(200);
    const holders = await second.evaluate(async () => (await navigator.locks.query()).held?.length);
    expect(holders).toBe(1);
    expect(await whoIs(second)).toBe(email);
    await thaw();
    expect(await asked).toBe(email);
    expect(await stateOf(first)).toBe('signed_in');
    expect(await isAlive()).toBe(true);
  });
});
