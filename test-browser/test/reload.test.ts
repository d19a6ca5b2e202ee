import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Stage, setStage } from './support/stage.js';
import { openTab, signedInTabs, stateOf, whoIs } from './support/tabs.js';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.close());

describe('a page of a gateway in development', () => {
  it('stays signed in by a cookie of a plain name, which http may carry', async () => {
    const development = await setStage({ NODE_ENV: 'development', ALLOWED_ORIGINS: '' });
    try {
      const { context, first, email } = await signedInTabs(development);
      await first.reload();
      expect(await whoIs(first)).toBe(email);
      const cookies = await context.cookies();
      expect(cookies.filter(({ name }) => name !== 'gatehouse-device')).toMatchObject([
        {
          name: 'gatehouse-refresh',
          secure: false,
          httpOnly: true,
          sameSite: 'Strict',
          path: '/',
          domain: 'localhost',
        },
      ]);
    } finally {
      await development.close();
    }
  });
});

describe('a page that is loaded anew', () => {
  it('is still signed in, for one refresh at most', async () => {
    const { first, email, generation } = await signedInTabs(stage);
    for (const round of [1, 2]) {
      await first.reload();
      expect(await whoIs(first)).toBe(email);
      expect(await stateOf(first)).toBe('signed_in');
      expect(await generation()).toBeLessThanOrEqual(round);
    }
  });

  it('takes the access token of a tab that is open: no refresh at all', async () => {
    const { first, tabs, email, generation } = await signedInTabs(stage, 2);
    for (const tab of tabs) expect(await whoIs(tab)).toBe(email);
    await first.reload();
    expect(await whoIs(first)).toBe(email);
    expect(await generation()).toBe(0);
  });

  it('asks once where several parts of it ask at once', async () => {
    const { first, generation } = await signedInTabs(stage);
    const before = stage.proxy.count('RefreshToken');
    await first.reload();
    await first.evaluate(() => Promise.all([window.auth.me(), window.auth.getAccessToken(), window.auth.me()]));
    expect(stage.proxy.count('RefreshToken')).toBe(before + 1);
    expect(await generation()).toBe(1);
  });

  it('is signed in after the browser has closed its last tab', async () => {
    const { context, first, email } = await signedInTabs(stage);
    await first.close();
    expect(await whoIs(await openTab(context, stage.app.origin))).toBe(email);
  });

  it('is simply not signed in on a first visit', async () => {
    const context = await stage.browser.newContext();
    const page = await openTab(context, stage.app.origin);
    expect(await whoIs(page)).toBeNull();
    expect(await stateOf(page)).toBe('signed_out NO_TOKEN');
  });
});
