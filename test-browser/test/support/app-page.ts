import type { BrowserContextOptions, Page } from 'playwright-core';
import { GOOD_PASSWORD } from '../../../dist/test/support/graphql-client.js';
import type { Stage } from './stage.js';

const WINDOWS = agent('Windows NT 10.0; Win64; x64', 'Chrome/140.0.0.0 Safari/537.36');
export const MAC = agent('Macintosh; Intel Mac OS X 10_15_7', 'Version/18.6 Safari/605.1.15');
export const PHONE = agent('iPhone; CPU iPhone OS 18_6 like Mac OS X', 'Version/18.6 Mobile/15E148 Safari/604.1');

/** What pages had to complain about. */
export const complaints: string[] = [];

/** Opens the app in a browser profile of its own. */
export async function openApp(stage: Stage, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await stage.browser.newContext({
    userAgent: WINDOWS,
    locale: 'en-GB',
    colorScheme: 'light',
    viewport: { width: 1200, height: 800 },
    ...options,
  });
  context.setDefaultTimeout(30_000);
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  const page = await context.newPage();
  await page.goto(stage.app.origin);
  return page;
}

/** Waits for the screen of this heading. */
export async function seeHeading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** Waits for the list itself: a page that is still asking for it would ask once more where the clock is moved or a session ends. */
export async function seeSessions(page: Page): Promise<void> {
  await seeHeading(page, 'Your sessions');
  await page.getByRole('main').getByText('This device').waitFor();
}

/** Fills in what an account is made of, and sends it. */
export async function askToRegister(page: Page, email: string, password: string): Promise<void> {
  await page.getByRole('button', { name: 'Create an account' }).click();
  await fillIn(page, email, password);
  await page.getByRole('button', { name: 'Create account' }).click();
}

/** Makes an account that is signed in at once. */
export async function register(page: Page, email: string): Promise<void> {
  await askToRegister(page, email, GOOD_PASSWORD);
  await seeSessions(page);
}

/** Signs in. */
export async function signIn(page: Page, email: string, password = GOOD_PASSWORD): Promise<void> {
  await fillIn(page, email, password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await seeSessions(page);
}

async function fillIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByRole('textbox', { name: 'E-mail address' }).fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
}

function agent(platform: string, product: string): string {
  return `Mozilla/5.0 (${platform}) AppleWebKit/605.1.15 (KHTML, like Gecko) ${product}`;
}
