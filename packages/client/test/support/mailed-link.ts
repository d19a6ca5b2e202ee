import type { TestGateway } from '../../../../dist/test/support/test-gateway.js';
import { waitUntil } from '../../../../dist/test/support/wait-until.js';

interface InboxMail {
  to: string;
  text: string;
}

/** The token of the newest link to a page of the account that was mailed to an address, once it was. */
export async function mailedToken({ url }: TestGateway, to: string, page: string): Promise<string> {
  let token: string | undefined;
  await waitUntil(`a link to ${page} has come for ${to}`, async () => {
    const mails = (await (await fetch(`${url}/dev/mail.json`)).json()) as InboxMail[];
    const link = new RegExp(`/account/${page}#token=(\\S+)`);
    token = mails.filter((mail) => mail.to === to).flatMap(({ text }) => link.exec(text)?.[1] ?? [])[0];
    return token !== undefined;
  });
  return decodeURIComponent(token ?? '');
}
