import type { ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import { eventDetails } from '../platform/mail/event-details.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { Random } from '../platform/random.js';
import type { EmailRepository } from './email.repository.js';
import type { FindLink } from './find-link.js';
import type { Viewer, Vouch } from './vouch.js';

export type ConfirmEmailChangeOutcome =
  | { kind: 'changed'; email: string }
  | { kind: 'email_taken' }
  | { kind: 'link_expired' }
  | { kind: 'password_required' }
  | { kind: 'invalid_credentials' };

export type ConfirmEmailChange = (input: {
  token: string;
  password: string | null;
  viewer: Viewer;
  client: ClientFacts;
}) => Promise<ConfirmEmailChangeOutcome>;

/**
 * Gives an account its new address, by the link that was mailed there and somebody who stands for the account.
 *
 * @throws {RateLimited} where too many passwords were tried.
 */
export function createConfirmEmailChange(needs: {
  findLink: FindLink;
  vouch: Vouch;
  emails: EmailRepository;
  mailWake: MailWake;
  clock: Clock;
  random: Random;
}): ConfirmEmailChange {
  const { findLink, vouch, emails, mailWake, clock, random } = needs;
  return async ({ token, password, viewer, client }) => {
    const link = await findLink({ token, purpose: 'CHANGE_EMAIL', client });
    if (link === null) return { kind: 'link_expired' };
    const outcome = await vouch({ link, password, viewer, client });
    if (outcome.kind !== 'vouched') return outcome;
    const { tokenHash, userId, address: newEmail } = link;
    const now = clock.now();
    const changed = await emails.change({
      tokenHash,
      userId,
      vouched: outcome.vouched,
      now,
      audit: { id: random.id(), at: now, kind: 'EMAIL_CHANGED', cause: null, client },
      mail: {
        id: random.id(),
        kind: 'EMAIL_CHANGED',
        at: now,
        language: null,
        details: { ...eventDetails({ at: now, client }), newEmail },
      },
    });
    if (changed.kind === 'changed') mailWake.wake();
    return changed;
  };
}
