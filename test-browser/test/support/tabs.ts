import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { GOOD_PASSWORD } from '../../../dist/test/support/graphql-client.js';
import { sessionRow } from '../../../dist/test/support/session-facts.js';
import type { TestDatabase } from '../../../dist/test/support/test-database.js';

/** One browser profile with some tabs of the app, somebody signed in. */
export interface SignedInTabs {
  context: BrowserContext;
  tabs: Page[];
  first: Page;
  email: string;
  sessionId: string;
  /** How often the session's refresh token was rotated. */
  generation(): Promise<number>;
  /** Whether the gateway has the session for alive. */
  isAlive(): Promise<boolean>;
}

interface Needs {
  browser: Browser;
  app: { origin: string };
  gate: { database: TestDatabase };
}

/** Opens a tab of the app and waits until its script has run. */
export async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => window.auth !== undefined);
  return page;
}

/** Registers somebody in the first of `howMany` tabs. `prepare` is called with the profile before its first page. */
export async function signedInTabs(
  { browser, app, gate }: Needs,
  howMany = 1,
  prepare: (context: BrowserContext) => Promise<void> = async () => {},
): Promise<SignedInTabs> {
  const context = await browser.newContext();
  await prepare(context);
  const first = await openTab(context, app.origin);
  const { email, sessionId } = await registerIn(first);
  const others = await Promise.all(Array.from({ length: howMany - 1 }, () => openTab(context, app.origin)));
  const row = () => sessionRow(gate.database, sessionId);
  return {
    context,
    tabs: [first, ...others],
    first,
    email,
    sessionId,
    generation: async () => (await row()).generation,
    isAlive: async () => (await row()).revoked_at === null,
  };
}

/** Registers somebody new in a page; throws where that is refused. */
export async function registerIn(page: Page): Promise<{ email: string; sessionId: string }> {
  const email = `${randomUUID()}@example.org`;
  const credentials = { email, password: GOOD_PASSWORD };
  const result = await page.evaluate((given) => window.auth.register(given), credentials);
  if (result.__typename !== 'AuthPayload') throw new Error(`register was refused: ${result.__typename}`);
  return { email, sessionId: result.session.id };
}

/** Whom the gateway takes a tab for: an e-mail address; null: nobody. */
export function whoIs(page: Page): Promise<string | null> {
  return page.evaluate(async () => (await window.auth.me())?.email ?? null);
}

/** How the client in a tab sees things: a status, with the reason where nobody is signed in. */
export function stateOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { state } = window.auth;
    return state.status === 'signed_out' ? `${state.status} ${state.reason}` : state.status;
  });
}

/** Whether a tab was ever told that nobody is signed in. */
export function wasSignedOut(page: Page): Promise<boolean> {
  return page.evaluate(() => window.changes.some(({ status }) => status === 'signed_out'));
}
