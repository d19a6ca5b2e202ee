import type { Clock } from '../clock.js';
import type { Mailer, OutgoingMail } from './mailer.js';

/** A mail that was sent, as it is shown in development. */
export interface InboxMail extends OutgoingMail {
  sentAt: Date;
}

/** The last mails that this process has sent, in memory alone: they hold links that open accounts. */
export interface DevInbox {
  /** The newest first. */
  mails(): readonly InboxMail[];
  /** Takes mail for `next`, or, without one, in its place. */
  mailer(next: Mailer | null): Mailer;
}

const MAILS_MAX = 100;

/** An empty inbox, for development. */
export function createDevInbox({ clock }: { clock: Clock }): DevInbox {
  let mails: InboxMail[] = [];
  return {
    mails: () => mails,
    mailer: (next) => ({
      send: async (mail) => {
        await next?.send(mail);
        mails = [{ ...mail, sentAt: clock.now() }, ...mails].slice(0, MAILS_MAX);
      },
      close: () => next?.close(),
    }),
  };
}
