import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContext } from 'playwright-core';
import { allThatScriptReads, wiretap } from './support/injected-script.js';
import { COOKIE_NAME, type Stage, setStage } from './support/stage.js';
import { signedInTabs, whoIs } from './support/tabs.js';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.close());

const DEVICE_COOKIE_NAME = '__Host-gatehouse-device';

const refreshCookie = async (context: BrowserContext) => {
  const cookies = await context.cookies();
  expect(cookies.map(({ name }) => name).sort()).toEqual([DEVICE_COOKIE_NAME, COOKIE_NAME]);
  return cookies.find(({ name }) => name === COOKIE_NAME);
};

describe('a refresh token in cookie delivery', () => {
  it('is in a cookie of this host alone, which no script, no http and no other site gets', async () => {
    const { context } = await signedInTabs(stage);
    const { value, expires, ...attributes } = (await refreshCookie(context)) ?? {};
    expect(value).toMatch(/^ghr_/);
    // A host-only cookie: a domain that was set would begin with a dot.
    expect(attributes).toEqual({
      name: COOKIE_NAME,
      domain: 'localhost',
      path: '/',
      httpOnly: true,
      secure: true,
      sameSite: 'Strict',
    });
    const days = ((expires ?? 0) * 1000 - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThan(7.1);
  });

  it('is nowhere that injected script can read, even where that taps every answer from the first on', async () => {
    const { context, tabs, first, email } = await signedInTabs(stage, 2, wiretap);
    const token = (await refreshCookie(context))?.value ?? '';
    await first.evaluate(() => window.auth.renewAccessToken(window.auth.peekAccessToken()));
    const nextToken = (await refreshCookie(context))?.value ?? '';
    expect(nextToken).not.toBe(token);
    for (const tab of tabs) {
      expect(await whoIs(tab)).toBe(email);
      const read = await allThatScriptReads(tab);
      // The tap does hear: an access token is in memory, and came in an answer.
      expect(read.answers).toContain(email);
      for (const text of Object.values(read)) {
        expect(text).not.toContain('ghr_');
        expect(text).not.toContain(COOKIE_NAME);
      }
    }
    expect((await allThatScriptReads(first)).answers).toContain('"refreshToken":null');
  });

  it('can not be overwritten by script', async () => {
    const { context, first, email } = await signedInTabs(stage);
    const before = await refreshCookie(context);
    await first.evaluate((name) => {
      for (const rest of ['planted; Secure', '; Secure; Max-Age=0', 'planted; Secure; Domain=localhost', 'planted']) {
        // biome-ignore lint/suspicious/noDocumentCookie: what injected script would do.
        document.cookie = `${name}=${rest}; Path=/`;
      }
    }, COOKIE_NAME);
    expect(await refreshCookie(context)).toEqual(before);
    await first.reload();
    expect(await whoIs(first)).toBe(email);
  });

  it('is gone from the browser after a logout', async () => {
    const { context, first } = await signedInTabs(stage);
    await first.evaluate(() => window.auth.logout());
    // What is left only says that the browser is known.
    expect((await context.cookies()).map(({ name }) => name)).toEqual([DEVICE_COOKIE_NAME]);
  });
});
