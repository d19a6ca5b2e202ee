import { addSeconds, type Clock } from '../../platform/clock.js';
import type { AccountLink, AccountPage } from '../../platform/mail/account-link.js';
import type { MailKind } from '../../platform/mail/mail-kind.js';
import type { ComposeMail, Composers } from '../../platform/mail/mail-worker.js';
import { renderMail } from '../../platform/mail/templates/render-mail.js';
import type { Random } from '../../platform/random.js';
import { LINK_TTL_SECONDS, type LinkPurpose, newAccountToken } from '../account-token.js';
import type { AccountTokenRepository } from '../account-token.repository.js';
import type { Recipient, RecipientRepository } from './recipient.repository.js';

type Waiting = Parameters<ComposeMail>[0];

interface Needs {
  recipients: RecipientRepository;
  tokens: AccountTokenRepository;
  accountLink: AccountLink;
  clock: Clock;
  random: Random;
}

/** What a mail with a link is made of. */
interface LinkMail {
  kind: MailKind;
  page: AccountPage;
  purpose: LinkPurpose;
  recipient: Recipient;
  language: string | null;
  expiresAt: Date;
}

/**
 * Makes the mails of recovery. Each looks at the account as it is now, and makes its token now: what waits in the outbox
 * opens nothing, and what has become pointless is not sent.
 */
export function createRecoveryComposers(needs: Needs): Composers {
  return {
    VERIFY_EMAIL: (waiting) => composeVerification(needs, waiting),
    RESET_PASSWORD: async (waiting) => {
      const now = needs.clock.now();
      const recipient = await needs.recipients.ofAddress({ address: waiting.address, now });
      if (recipient === null) return null;
      // Whoever asked may be a stranger: the account's own language counts more.
      const language = recipient.language ?? waiting.language;
      const expiresAt = addSeconds(now, LINK_TTL_SECONDS.RESET_PASSWORD);
      const mail = { kind: 'RESET_PASSWORD', page: 'reset-password', purpose: 'RESET_PASSWORD' } as const;
      return composeLink(needs, waiting, { ...mail, recipient, language, expiresAt });
    },
    CONFIRM_EMAIL_CHANGE: async (waiting) => {
      const { userId, address, details, language } = waiting;
      const now = needs.clock.now();
      const passwordVersion = Number(details['passwordVersion']);
      const recipient =
        userId === null ? null : await needs.recipients.ofChange({ userId, address, passwordVersion, now });
      if (recipient === null) return null;
      const expiresAt = addSeconds(now, LINK_TTL_SECONDS.CHANGE_EMAIL);
      const mail = { kind: 'CONFIRM_EMAIL_CHANGE', page: 'confirm-email-change', purpose: 'CHANGE_EMAIL' } as const;
      return composeLink(needs, waiting, { ...mail, recipient, language: language ?? recipient.language, expiresAt });
    },
    EMAIL_CHANGED: async (waiting) => {
      const { userId, address } = waiting;
      const now = needs.clock.now();
      const recipient = userId === null ? null : await needs.recipients.ofKept({ userId, address, now });
      if (recipient === null) return null;
      const { language, keptUntil: expiresAt } = recipient;
      const mail = { kind: 'EMAIL_CHANGED', page: 'undo-email-change', purpose: 'UNDO_EMAIL_CHANGE' } as const;
      return composeLink(needs, waiting, { ...mail, recipient, language, expiresAt });
    },
  };
}

/** To an account that is there; else to a registration, or to the one who has had the address all along. */
async function composeVerification(needs: Needs, waiting: Waiting): ReturnType<ComposeMail> {
  const { recipients, clock } = needs;
  const { userId, address, language } = waiting;
  if (userId === null) return null;
  const now = clock.now();
  const account = await recipients.unverified({ userId, address });
  const registration = account === null ? await recipients.registration({ userId, address, now }) : null;
  if (registration?.isTaken === true) {
    if (registration.isOwnerDisabled) return null;
    const ownLanguage = registration.ownerLanguage ?? language;
    return renderMail({ kind: 'REGISTRATION_ATTEMPT', language: ownLanguage, to: address, details: {}, link: null });
  }
  const recipient = account ?? registration;
  if (recipient === null) return null;
  const expiresAt = addSeconds(now, LINK_TTL_SECONDS.VERIFY_EMAIL);
  const mail = { kind: 'VERIFY_EMAIL', page: 'verify-email', purpose: 'VERIFY_EMAIL' } as const;
  return composeLink(needs, waiting, { ...mail, recipient, language: language ?? recipient.language, expiresAt });
}

async function composeLink(needs: Needs, waiting: Waiting, mail: LinkMail): ReturnType<ComposeMail> {
  const { tokens, accountLink, clock, random } = needs;
  const { kind, page, purpose, recipient, language, expiresAt } = mail;
  const { id: mailId, address, details } = waiting;
  const token = newAccountToken(random);
  const now = clock.now();
  const isKept = await tokens.keep({
    tokenHash: token.hash,
    userId: recipient.userId,
    purpose,
    address,
    mailId,
    now,
    expiresAt,
    audit: { id: random.id(), at: now, kind: 'LINK_MAILED', cause: purpose, client: null },
  });
  if (!isKept) return null;
  return renderMail({ kind, language, to: address, details, link: accountLink({ page, token: token.text }) });
}
