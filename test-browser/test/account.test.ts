import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { createGraphqlClient, GOOD_PASSWORD } from '../../dist/test/support/graphql-client.js';
import {
  askToRegister,
  complaints,
  openApp,
  PHONE,
  register,
  seeHeading,
  seeSessions,
  signIn,
} from './support/app-page.js';
import { exampleApp } from './support/example-app.js';
import { followMail } from './support/mailed-link.js';
import { type Stage, setStage } from './support/stage.js';

const NEW_PASSWORD = 'another long enough passphrase';
const RECENT_SECONDS = 600;

/** Sets a stage in development, where mail goes to the inbox, and its links to the app's own screens. */
const setMailStage = (environment: Record<string, string> = {}) =>
  setStage(
    (app) => ({ NODE_ENV: 'development', ACCOUNT_PAGES_URL: `${app.origin}/account`, ...environment }),
    exampleApp,
  );

let stage: Stage;
const open = (options?: BrowserContextOptions) => openApp(stage, options);
const follow = (page: Page, to: string, link: string) => followMail(stage, page.context(), to, link);
afterEach(() => expect(complaints.splice(0)).toEqual([]));

describe('the example app, where anybody may register', () => {
  beforeAll(async () => {
    stage = await setMailStage();
  });
  afterAll(() => stage?.close());

  it('verifies an address by the mailed link, and leaves its token in no address bar', async () => {
    const page = await open();
    await register(page, 'ada@example.org');
    await goToAccount(page);
    await page.getByText('ada@example.org is not verified yet.').waitFor();
    const tab = await follow(page, 'ada@example.org', 'verify-email');
    await seeHeading(tab, 'Verify your address');
    expect(tab.url()).toBe(`${stage.app.origin}/`);
    await press(tab, 'Verify address');
    await seeHeading(tab, 'Address verified');
    await press(tab, 'Continue');
    await seeSessions(tab);
    await goToAccount(tab);
    await tab.getByText('ada@example.org is verified.').waitFor();
  });

  it('replaces a forgotten password by the mailed link; every tab and browser is signed out', async () => {
    const page = await open();
    await register(page, 'grace@example.org');
    const other = await open({ userAgent: PHONE });
    await press(other, 'Forgotten your password?');
    await seeHeading(other, 'Forgotten password');
    await other.getByRole('textbox', { name: 'E-mail address' }).fill('grace@example.org');
    await press(other, 'Send link');
    await seeHeading(other, 'Check your mail');
    const tab = await follow(page, 'grace@example.org', 'reset-password');
    await seeHeading(tab, 'Choose a new password');
    await fill(tab, 'New password', 'too short');
    await press(tab, 'Save password');
    await tab.getByText('It is too short.').waitFor();
    await fill(tab, 'New password', NEW_PASSWORD);
    await press(tab, 'Save password');
    await seeHeading(tab, 'Password replaced');
    await seeHeading(page, 'Sign in');
    await press(tab, 'Continue');
    await seeHeading(tab, 'Sign in');
    await signIn(tab, 'grace@example.org', NEW_PASSWORD);
    expect(await canSignIn('grace@example.org', GOOD_PASSWORD)).toBe(false);
  });

  it('changes the password: this browser goes on, the other one does not', async () => {
    const page = await open();
    await register(page, 'barbara@example.org');
    const phone = await open({ userAgent: PHONE });
    await signIn(phone, 'barbara@example.org');
    await goToAccount(page);
    await fill(page, 'Current password', 'not my password at all');
    await fill(page, 'New password', NEW_PASSWORD);
    await press(page, 'Change password');
    await page.getByText('This is not your password.').waitFor();
    expect(await focusedLabel(page)).toBe('Current password');
    await fill(page, 'Current password', GOOD_PASSWORD);
    await press(page, 'Change password');
    await page.getByText('Your password is changed. 1 other session has ended.').waitFor();
    expect(await page.getByLabel('New password', { exact: true }).inputValue()).toBe('');
    await page.reload();
    await seeSessions(page);
    await phone.reload();
    await seeHeading(phone, 'Sign in');
    expect(await canSignIn('barbara@example.org', NEW_PASSWORD)).toBe(true);
  });

  it('changes the address by a link to the new one, and takes it back by a link to the old one', async () => {
    const page = await open();
    await register(page, 'dorothy@example.org');
    const verifying = await follow(page, 'dorothy@example.org', 'verify-email');
    await press(verifying, 'Verify address');
    await seeHeading(verifying, 'Address verified');
    await verifying.close();
    await askForAddress(page, 'dot@example.org');
    await page.getByText('A link is on its way to dot@example.org.').waitFor();

    const tab = await follow(page, 'dot@example.org', 'confirm-email-change');
    await seeHeading(tab, 'Confirm your new address');
    await press(tab, 'Confirm address');
    await seeHeading(tab, 'Address changed');
    await press(tab, 'Continue');
    await tab.getByRole('banner').getByText('dot@example.org').waitFor();

    const undo = await follow(page, 'dorothy@example.org', 'undo-email-change');
    await seeHeading(undo, 'Take your address back');
    await fill(undo, 'New password', NEW_PASSWORD);
    await press(undo, 'Save password');
    await seeHeading(undo, 'Address restored');
    await seeHeading(tab, 'Sign in');
    await press(undo, 'Continue');
    await signIn(undo, 'dorothy@example.org', NEW_PASSWORD);
    expect(await canSignIn('dot@example.org', NEW_PASSWORD)).toBe(false);
  });

  it('needs the password for a link that is opened where nobody is signed in', async () => {
    const page = await open();
    await register(page, 'katherine@example.org');
    const elsewhere = await open({ userAgent: PHONE });
    const tab = await follow(elsewhere, 'katherine@example.org', 'verify-email');
    await fill(tab, 'Password', 'not my password at all');
    await press(tab, 'Verify address');
    await tab.getByText('This is not the password of the account.').waitFor();
    await fill(tab, 'Password', GOOD_PASSWORD);
    await press(tab, 'Verify address');
    await seeHeading(tab, 'Address verified');
    await press(tab, 'Continue');
    await seeHeading(tab, 'Sign in');
  });

  it('asks for the password where the sign-in is not recent, by keyboard, and goes on with what was asked', async () => {
    const page = await open();
    await register(page, 'mary@example.org');
    await goToAccount(page);
    stage.clock.advance(RECENT_SECONDS + 1);
    await askForAddress(page, 'mary.new@example.org');
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await dialog.waitFor();
    expect(await focusedLabel(page)).toBe('Your password');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('That needs your password.').waitFor();

    await press(page, 'Try again');
    await dialog.waitFor();
    await page.keyboard.type('not my password at all');
    await page.keyboard.press('Enter');
    await dialog.getByText('This is not your password.').waitFor();
    await page.keyboard.type(GOOD_PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('A link is on its way to mary.new@example.org.').waitFor();
    await dialog.waitFor({ state: 'hidden' });
  });

  it('deletes the account, in all tabs', async () => {
    const page = await open();
    await register(page, 'joan@example.org');
    const other = await page.context().newPage();
    await other.goto(stage.app.origin);
    await seeSessions(other);
    await goToAccount(page);
    await press(page, 'Delete account');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete account' }).click();
    await seeHeading(page, 'Sign in');
    await page.getByText('Your account is deleted.').waitFor();
    await seeHeading(other, 'Sign in');
    await page.reload();
    await seeHeading(page, 'Sign in');
    expect(await page.getByText('Your session has ended.').count()).toBe(0);
    expect(await canSignIn('joan@example.org', GOOD_PASSWORD)).toBe(false);
  });

  it('says of a link that was used that it was', async () => {
    const page = await open();
    await register(page, 'annie@example.org');
    for (const heading of ['Address verified', 'Verify your address']) {
      const tab = await follow(page, 'annie@example.org', 'verify-email');
      await press(tab, 'Verify address');
      await seeHeading(tab, heading);
      if (heading === 'Verify your address') await tab.getByText('This link was used, or is too old.').waitFor();
    }
  });
});

describe('the example app, where addresses are verified first', () => {
  beforeAll(async () => {
    stage = await setMailStage({ REGISTRATION: 'verified' });
  });
  afterAll(() => stage?.close());

  it('makes an account by the mailed link and the password that was chosen', async () => {
    const page = await open();
    await askToRegister(page, 'hedy@example.org', GOOD_PASSWORD);
    await seeHeading(page, 'Check your mail');
    expect(await canSignIn('hedy@example.org', GOOD_PASSWORD)).toBe(false);
    const tab = await follow(page, 'hedy@example.org', 'verify-email');
    await fill(tab, 'Password', GOOD_PASSWORD);
    await press(tab, 'Verify address');
    await seeHeading(tab, 'Address verified');
    await press(tab, 'Continue');
    await signIn(tab, 'hedy@example.org');
  });

  it('shows the same to somebody who registers with an address that has an account', async () => {
    const page = await open();
    await askToRegister(page, 'hedy@example.org', NEW_PASSWORD);
    await seeHeading(page, 'Check your mail');
    await press(page, 'Back');
    await seeHeading(page, 'Sign in');
    expect(await canSignIn('hedy@example.org', NEW_PASSWORD)).toBe(false);
  });
});

async function goToAccount(page: Page): Promise<void> {
  await press(page, 'Account');
  await seeHeading(page, 'Your account');
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

async function fill(page: Page, label: string, text: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(text);
}

/** From whichever screen a signed-in page shows. */
async function askForAddress(page: Page, email: string): Promise<void> {
  if ((await page.getByRole('heading', { level: 1, name: 'Your account' }).count()) === 0) await goToAccount(page);
  await fill(page, 'New e-mail address', email);
  await press(page, 'Change address');
}

/** The label of the field that has the focus. */
function focusedLabel(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    return (element instanceof HTMLInputElement && element.labels?.[0]?.textContent) || '';
  });
}

async function canSignIn(email: string, password: string): Promise<boolean> {
  return createGraphqlClient(stage.gate.url)
    .login({ email, password })
    .then(
      () => true,
      () => false,
    );
}
