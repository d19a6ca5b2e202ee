import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { createGraphqlClient, GOOD_PASSWORD } from '../../dist/test/support/graphql-client.js';
import {
  askToRegister,
  complaints,
  MAC,
  openApp,
  PHONE,
  register,
  seeHeading,
  seeSessions,
  signIn,
} from './support/app-page.js';
import { exampleApp } from './support/example-app.js';
import { type Stage, setStage } from './support/stage.js';

const SCREENSHOT_TO = process.env['SCREENSHOT_TO'] ?? fileURLToPath(new URL('../output/spa.png', import.meta.url));

let stage: Stage;
const open = (options?: BrowserContextOptions) => openApp(stage, options);
beforeAll(async () => {
  stage = await setStage({ TRUSTED_PROXIES: '127.0.0.1' }, exampleApp);
});
afterEach(() => expect(complaints.splice(0)).toEqual([]));
afterAll(() => stage?.close());

describe('the example app', () => {
  it('makes an account, and shows this device', async () => {
    const page = await open();
    await seeHeading(page, 'Sign in');
    await register(page, 'grace@example.org');
    const items = page.getByRole('main').getByRole('listitem');
    await items.first().waitFor();
    expect(await items.count()).toBe(1);
    expect(await items.first().innerText()).toMatch(/Chrome on Windows\s+This device/i);
    await page.reload();
    await seeSessions(page);
  });

  it('lists the sessions of two browsers and ends the other one, which says so', async () => {
    const page = await open();
    await register(page, 'barbara@example.org');
    const phone = await open({ userAgent: PHONE });
    await signIn(phone, 'barbara@example.org');
    await page.reload();
    await page.getByRole('heading', { name: /Safari on iOS/ }).waitFor();
    expect(await page.getByText('This device').count()).toBe(1);
    await page.getByRole('button', { name: 'End other sessions' }).click();
    await page.getByText('1 other session has ended.').waitFor();
    expect(await page.getByRole('main').getByRole('listitem').count()).toBe(1);
    await phone.reload();
    await seeHeading(phone, 'Sign in');
    await phone.getByText('Your session has ended. Sign in again.').waitFor();
  });

  it('logs out in all tabs when one does', async () => {
    const page = await open();
    await register(page, 'katherine@example.org');
    const other = await page.context().newPage();
    await other.goto(stage.app.origin);
    await seeSessions(other);
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await seeHeading(page, 'Sign in');
    await page.getByText('You are logged out.').waitFor();
    await seeHeading(other, 'Sign in');
    await other.getByText('You were signed out in another tab.').waitFor();
  });

  it('goes on over the end of an access token, with one refresh and nothing to be seen', async () => {
    const page = await open();
    await register(page, 'dorothy@example.org');
    await page.getByText('You are signed in nowhere else.').waitFor();
    await createGraphqlClient(stage.gate.url).login({ email: 'dorothy@example.org', password: GOOD_PASSWORD });
    const before = stage.proxy.count('RefreshToken');
    stage.clock.advance(3600);
    await page.getByRole('button', { name: 'Log out everywhere' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Log out everywhere' }).click();
    await seeHeading(page, 'Sign in');
    expect(stage.proxy.count('RefreshToken') - before).toBe(1);
    const [{ live }] = (await stage.gate.database.query<{ live: number }>(
      `SELECT count(*)::int AS live FROM gatehouse.refresh_sessions s JOIN gatehouse.user_emails e USING (user_id)
       WHERE e.email = 'dorothy@example.org' AND s.revoked_at IS NULL`,
    )) as [{ live: number }];
    expect(live).toBe(0);
  });

  it('tells what is wrong with a password, beside it', async () => {
    const page = await open();
    await askToRegister(page, 'joan@example.org', 'too short');
    const field = page.getByLabel('Password', { exact: true });
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-invalid') === 'true');
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await describedBy(page, 'Password')).toMatch(/15 characters/);
  });

  it('is used by keyboard alone, and moves the focus to each new screen', async () => {
    const page = await open();
    await seeHeading(page, 'Sign in');
    await tabTo(page, 'Create an account');
    await page.keyboard.press('Enter');
    await seeHeading(page, 'Create account');
    await tabTo(page, 'E-mail address');
    await page.keyboard.type('annie@example.org');
    await tabTo(page, 'Password');
    await page.keyboard.type(GOOD_PASSWORD);
    await page.keyboard.press('Enter');
    await seeSessions(page);
    await tabTo(page, 'Log out everywhere');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Log out everywhere?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await focused(page)).toBe('Log out everywhere');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Log out everywhere');
    await page.keyboard.press('Enter');
    await seeHeading(page, 'Sign in');
  });

  it('has landmarks, a language, and a name for everything that can be used', async () => {
    const page = await open();
    for (const heading of ['Sign in', 'Your sessions']) {
      if (heading === 'Your sessions') await register(page, 'mary@example.org');
      await seeHeading(page, heading);
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      for (const landmark of ['banner', 'main'] as const) expect(await page.getByRole(landmark).count()).toBe(1);
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
      for (const role of ['button', 'textbox', 'link'] as const) {
        const all = await page.getByRole(role).count();
        expect(await page.getByRole(role, { name: /\S/ }).count()).toBe(all);
      }
    }
  });

  it('keeps to its Content-Security-Policy, which lets it talk to its gateway alone', async () => {
    const page = await open();
    await seeHeading(page, 'Sign in');
    const isToldOf = page.waitForEvent('console', (message) => message.text().includes('Content Security Policy'));
    const reached = await page.evaluate((url) => fetch(url).then(Boolean, () => false), `${stage.app.origin}/`);
    expect(reached).toBe(false);
    await isToldOf;
    expect(complaints.splice(0).join()).toContain('Content Security Policy');
  });

  it('has its picture taken', async () => {
    stage.clock.advance((Date.parse('2026-11-02T08:14:00Z') - stage.clock.now().getTime()) / 1000);
    stage.proxy.clientAddress = '198.51.100.23';
    const mac = await open({ userAgent: MAC });
    await register(mac, 'ada@example.org');
    await mac.context().close();
    stage.clock.advance(3 * 86_400 + 5_520);
    stage.proxy.clientAddress = '203.0.113.80';
    const phone = await open({ userAgent: PHONE });
    await signIn(phone, 'ada@example.org');
    await phone.context().close();
    stage.clock.advance(7_380);
    stage.proxy.clientAddress = '198.51.100.42';
    const page = await open({ timezoneId: 'UTC' });
    await page.clock.setFixedTime(stage.clock.now());
    await signIn(page, 'ada@example.org');
    await page.getByRole('heading', { name: /Safari on macOS/ }).waitFor();
    await page.getByText('3 days ago').waitFor();
    await page.evaluate(() => document.fonts.ready);
    await mkdir(dirname(SCREENSHOT_TO), { recursive: true });
    const picture = await page.screenshot({ path: SCREENSHOT_TO, animations: 'disabled', caret: 'hide' });
    // A PNG has its width and height at bytes 16 and 20.
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([1200, 800]);
  });
});

/** The name of what has the focus: its label's text or its own. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    const label = element instanceof HTMLInputElement ? element.labels?.[0] : element;
    return label?.textContent?.trim() ?? '';
  });
}

/** Presses Tab until what bears this name has the focus; throws where that never comes. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let pressed = 0; pressed < 20; pressed += 1) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === name) return;
  }
  throw new Error(`${name} is not reached by Tab`);
}

/** What a screen reader reads out after a field's name. */
function describedBy(page: Page, label: string): Promise<string> {
  return page.getByLabel(label, { exact: true }).evaluate((element) =>
    (element.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent ?? '')
      .join(' '),
  );
}
