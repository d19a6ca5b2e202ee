import type { Mailer, OutgoingMail } from '../../src/platform/mail/mailer.js';
import { eventually } from './lock-step.js';
import type { TestDatabase } from './test-database.js';

/** Where the mail of a gateway under test ends up. */
export interface Mailbox {
  mailer: Mailer;
  mails: OutgoingMail[];
  /** Waits for the next mail to an address that nobody has taken yet, and takes it. */
  take(to: string): Promise<OutgoingMail>;
  /** The token of the link in the next mail to an address that has one; takes that mail alone. */
  takeToken(to: string): Promise<string>;
  /** What has come for an address and was not taken, once the outbox is empty. */
  rest(to: string, database: TestDatabase): Promise<OutgoingMail[]>;
}

const LINK = /#token=(\S+)/;

/** An empty mailbox. */
export function createMailbox(): Mailbox {
  const mails: OutgoingMail[] = [];
  const taken = new Set<OutgoingMail>();
  const take = async (to: string, hasLink: boolean) => {
    const next = () => mails.find((mail) => mail.to === to && !taken.has(mail) && (!hasLink || LINK.test(mail.text)));
    await eventually(() => next() !== undefined);
    const mail = next();
    if (mail === undefined) throw new Error('the mail is gone');
    taken.add(mail);
    return mail;
  };
  return {
    mails,
    mailer: {
      send: async (mail) => {
        mails.push(mail);
      },
      close: () => undefined,
    },
    take: (to) => take(to, false),
    takeToken: async (to) => tokenOf(await take(to, true)),
    rest: async (to, database) => {
      await untilSent(database);
      return mails.filter((mail) => mail.to === to && !taken.has(mail));
    },
  };
}

/** The token of a mail's link. */
function tokenOf({ text }: OutgoingMail): string {
  const [, token] = LINK.exec(text) ?? [];
  if (token === undefined) throw new Error(`the mail has no link: ${text}`);
  return token;
}

/** Waits until nothing waits in the outbox any more. */
async function untilSent(database: TestDatabase): Promise<void> {
  await eventually(
    async () =>
      (
        await database.query(
          // Daily notices may wait for tomorrow.
          `SELECT FROM gatehouse.mail_outbox WHERE done_at IS NULL AND send_at < created_at + interval '1 hour'`,
        )
      ).length === 0,
  );
}
