import type { ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Random } from '../platform/random.js';
import type { AccountOpeningRepository } from './account-opening.repository.js';
import type { EmailRepository } from './email.repository.js';
import type { FindLink, FoundLink } from './find-link.js';
import type { Viewer, Vouch, Vouched } from './vouch.js';

export type VerifyEmailOutcome =
  | { kind: 'verified'; email: string }
  | { kind: 'link_expired' }
  | { kind: 'password_required' }
  | { kind: 'invalid_credentials' };

export type VerifyEmail = (input: {
  token: string;
  password: string | null;
  viewer: Viewer;
  client: ClientFacts;
}) => Promise<VerifyEmailOutcome>;

export interface VerifyEmailNeeds {
  findLink: FindLink;
  vouch: Vouch;
  emails: EmailRepository;
  openings: AccountOpeningRepository;
  clock: Clock;
  random: Random;
}

/**
 * Verifies an address by its link and somebody who stands for the account; of a registration that waits for it, it makes
 * the account.
 *
 * @throws {RateLimited} where too many passwords were tried.
 */
export function createVerifyEmail(needs: VerifyEmailNeeds): VerifyEmail {
  return async ({ token, password, viewer, client }) => {
    const link = await needs.findLink({ token, purpose: 'VERIFY_EMAIL', client });
    if (link === null) return { kind: 'link_expired' };
    const outcome = await needs.vouch({ link, password, viewer, client });
    if (outcome.kind !== 'vouched') return outcome;
    const email = await use({ ...needs, link, vouched: outcome.vouched, client });
    // Used, or the password changed, while this was looked at.
    return email === null ? { kind: 'link_expired' } : { kind: 'verified', email };
  };
}

async function use(
  step: VerifyEmailNeeds & { link: FoundLink; vouched: Vouched; client: ClientFacts },
): Promise<string | null> {
  const { emails, openings, link, vouched, client, clock, random } = step;
  const { tokenHash, userId } = link;
  const now = clock.now();
  const entry = { id: random.id(), at: now, cause: null, client };
  if (link.pendingPasswordHash === null) {
    return emails.verify({ tokenHash, userId, vouched, now, audit: { ...entry, kind: 'EMAIL_VERIFIED' } });
  }
  const passwordHash = link.pendingPasswordHash;
  return openings.open({
    tokenHash,
    purpose: 'VERIFY_EMAIL',
    userId,
    checkedPasswordHash: passwordHash,
    passwordHash,
    now,
    audit: { ...entry, kind: 'REGISTERED' },
  });
}
