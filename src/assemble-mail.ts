import type { Config } from './config.js';
import type { Clock } from './platform/clock.js';
import { type AccountLink, createAccountLink } from './platform/mail/account-link.js';
import { createDevInbox, type DevInbox } from './platform/mail/dev-inbox.js';
import { createMailWake, type MailWake } from './platform/mail/mail-wake.js';
import type { Mailer } from './platform/mail/mailer.js';
import { createSmtpMailer } from './platform/mail/smtp-mailer.js';

/** What writing and sending mail takes. */
export interface MailParts {
  /** null: nothing is sent. */
  mailer: Mailer | null;
  /** null: in production. */
  inbox: DevInbox | null;
  wake: MailWake;
  accountLink: AccountLink;
}

/** The way of mail that the settings say; `mailer`, an application's own, takes the place of SMTP. */
export function assembleMail(needs: { config: Config; clock: Clock; mailer?: Mailer | undefined }): MailParts {
  const { config, clock } = needs;
  const { smtp, mailFrom: from } = config;
  const bySmtp = smtp === null || smtp === 'none' ? null : createSmtpMailer({ server: smtp, from });
  const mailer = needs.mailer ?? bySmtp;
  const inbox = config.isProduction ? null : createDevInbox({ clock });
  const isOff = smtp === 'none' && mailer === null;
  return {
    mailer: inbox === null || isOff ? mailer : inbox.mailer(mailer),
    inbox,
    wake: createMailWake(),
    accountLink: createAccountLink(config),
  };
}
