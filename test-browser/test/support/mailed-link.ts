import type { BrowserContext, Page } from 'playwright-core';
import { waitUntil } from '../../../dist/test/support/wait-until.js';
import type { Stage } from './stage.js';

/** Waits until mail to an address holds a link to this page of the account, and opens it from the development's inbox in a tab of its own. */
export async function followMail({ gate }: Stage, context: BrowserContext, to: string, page: string): Promise<Page> {
  const link = `/account/${page}#token=`;
  await waitUntil(`a link to ${page} has come for ${to}`, async () => {
    const mails = (await (await fetch(`${gate.url}/dev/mail.json`)).json()) as { to: string; text: string }[];
    return mails.some((mail) => mail.to === to && mail.text.includes(link));
  });
  const inbox = await context.newPage();
  await inbox.goto(`${gate.url}/dev/mail`);
  const mail = inbox
    .getByRole('article')
    .filter({ hasText: `To ${to},` })
    .filter({ hasText: link })
    .first();
  const isOpened = context.waitForEvent('page');
  await mail.locator('iframe').contentFrame().locator(`a[href*="${link}"]`).first().click();
  const tab = await isOpened;
  await inbox.close();
  return tab;
}
