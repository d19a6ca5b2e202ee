import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { GOOD_PASSWORD } from '../../dist/test/support/graphql-client.js';
import { auditOf } from '../../dist/test/support/session-facts.js';
import { waitUntil } from '../../dist/test/support/wait-until.js';
import { loseNext } from './support/answer-proxy.js';
import { type Stage, setStage } from './support/stage.js';
import { openTab, signedInTabs, stateOf, wasSignedOut, whoIs } from './support/tabs.js';

const GRACE_SECONDS = 10;

let stage: Stage;
beforeAll(async () => {
  stage = await setStage({ REFRESH_GRACE_SECONDS: String(GRACE_SECONDS) });
});
afterAll(() => stage?.close());

const renew = (page: Page) => page.evaluate(() => window.auth.renewAccessToken(window.auth.peekAccessToken()));

describe('a page whose refresh the gateway committed and whose answer was lost on the wire', () => {
  it('goes on by itself, and the page does not see that anything was wrong', async () => {
    const { first, email, generation, sessionId } = await signedInTabs(stage);
    await first.reload();
    const before = stage.proxy.count('RefreshToken');
    loseNext(stage.proxy, 'RefreshToken');
    expect(await whoIs(first)).toBe(email);
    expect(stage.proxy.count('RefreshToken') - before).toBe(2);
    expect(await generation()).toBe(1);
    expect(await wasSignedOut(first)).toBe(false);
    expect(await auditOf(stage.gate.database, sessionId)).toEqual([]);
  });

  it.each([
    ['just after the grace window', GRACE_SECONDS + 1],
    ['ten minutes later', 600],
    ['hours later', 20 * 3600],
  ])('goes on where it comes back %s', async (_when, seconds) => {
    const { first, email, generation, isAlive } = await signedInTabs(stage);
    await first.reload();
    loseNext(stage.proxy, 'RefreshToken', { onLoss: () => stage.clock.advance(seconds) });
    expect(await whoIs(first)).toBe(email);
    expect(await generation()).toBe(1);
    expect(await renew(first)).not.toBeNull();
    expect(await generation()).toBe(2);
    expect(await isAlive()).toBe(true);
  });

  it('goes on, in all tabs, where the answer to the tab that refreshes for them is lost', async () => {
    const { tabs, email, generation } = await signedInTabs(stage, 4);
    for (const tab of tabs) expect(await whoIs(tab)).toBe(email);
    await Promise.all(tabs.map((tab) => tab.goto('about:blank')));
    await Promise.all(tabs.map((tab) => tab.goto(stage.app.origin)));
    loseNext(stage.proxy, 'RefreshToken');
    expect(await Promise.all(tabs.map(whoIs))).toEqual(tabs.map(() => email));
    expect(await generation()).toBe(1);
  });

  it('is not logged out where every answer is lost; it says so, and goes on when they come again', async () => {
    const { first, email, generation } = await signedInTabs(stage);
    await first.reload();
    stage.proxy.delivers = () => 'none';
    const code = await first.evaluate(() => window.auth.me().catch(({ code }) => code));
    expect(code).toBe('UNREACHABLE');
    expect(await stateOf(first)).toBe('unknown');
    stage.proxy.delivers = () => 'all';
    expect(await whoIs(first)).toBe(email);
    expect(await generation()).toBe(1);
  });

  it('goes on where the cookie had come, and the rest of the answer had not', async () => {
    const { first, email, generation } = await signedInTabs(stage);
    await first.reload();
    loseNext(stage.proxy, 'RefreshToken', { share: 'head' });
    expect(await whoIs(first)).toBe(email);
    expect(await generation()).toBe(2);
  });

  it('finds itself signed in where all but the cookie of the answer to a login was lost', async () => {
    const { email } = await signedInTabs(stage);
    const page = await openTab(await stage.browser.newContext(), stage.app.origin);
    loseNext(stage.proxy, 'Login', { share: 'head' });
    const login = page.evaluate((given) => window.auth.login(given), { email, password: GOOD_PASSWORD });
    await expect(login).rejects.toThrow('The gateway did not answer.');
    expect(await whoIs(page)).toBe(email);
  });
});

describe('a page without a network', () => {
  it('is not logged out, and goes on once it is back', async () => {
    const { context, tabs, first, email } = await signedInTabs(stage, 2);
    await context.setOffline(true);
    const codes = await Promise.all(
      tabs.map((tab) =>
        tab.evaluate(() => window.auth.renewAccessToken(window.auth.peekAccessToken()).catch(({ code }) => code)),
      ),
    );
    expect(codes).toEqual(['UNREACHABLE', 'UNREACHABLE']);
    for (const tab of tabs) expect(await stateOf(tab)).toBe('signed_in');
    await context.setOffline(false);
    for (const tab of tabs) expect(await whoIs(tab)).toBe(email);
    expect(await wasSignedOut(first)).toBe(false);
  });

  it('gets its data without asking again where the network is back in time', async () => {
    const { context, first, email } = await signedInTabs(stage);
    await context.setOffline(true);
    const asked = whoIs(first);
    await pause(400);
    await context.setOffline(false);
    expect(await asked).toBe(email);
    await waitUntil('it says so', async () => (await stateOf(first)) === 'signed_in');
  });
});
