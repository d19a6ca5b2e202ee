import type { Clock } from '../platform/clock.js';
import { eventDetails } from '../platform/mail/event-details.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { Random } from '../platform/random.js';
import type { CheckNewPassword } from '../user/password/check-new-password.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { PasswordWeakness } from '../user/password/password-policy.js';
import { type AccountOpeningRepository, FIRST_PASSWORD_VERSION } from './account-opening.repository.js';
import type { Caller } from './caller.js';
import type { FindLink, FoundLink } from './find-link.js';
import type { PasswordRepository, ResetAccount } from './password.repository.js';

export type ResetPasswordOutcome =
  | { kind: 'reset'; email: string; userId: string; passwordVersion: number }
  | { kind: 'link_expired' }
  | { kind: 'weak_password'; reasons: PasswordWeakness[] }
  | { kind: 'malformed' };

export type ResetPassword = (input: {
  token: string;
  password: string;
  client: Caller;
}) => Promise<ResetPasswordOutcome>;

export interface ResetPasswordNeeds {
  findLink: FindLink;
  checkNewPassword: CheckNewPassword;
  hasher: PasswordHasher;
  passwords: PasswordRepository;
  openings: AccountOpeningRepository;
  mailWake: MailWake;
  clock: Clock;
  random: Random;
}

/**
 * Replaces a forgotten password by the link that was mailed to the account's address. All sessions end, and nothing that
 * was known or mailed before is good any more. Of a registration that waits for its link, it makes the account.
 */
export function createResetPassword(needs: ResetPasswordNeeds): ResetPassword {
  return async ({ token, password, client }) => {
    const link = await needs.findLink({ token, purpose: 'RESET_PASSWORD', client });
    if (link === null) return { kind: 'link_expired' };
    const { userId, address } = link;
    const checked = await needs.checkNewPassword({ password, email: address, userId, client });
    if (checked.kind === 'malformed') return { kind: 'malformed' };
    if (checked.kind === 'weak') return { kind: 'weak_password', reasons: checked.reasons };
    const passwordHash = await needs.hasher.hash(checked.normalized);
    const account = await use({ ...needs, link, passwordHash, client });
    // Used while the new password was hashed.
    if (account === null) return { kind: 'link_expired' };
    needs.mailWake.wake();
    return { kind: 'reset', userId, ...account };
  };
}

async function use(
  step: ResetPasswordNeeds & { link: FoundLink; passwordHash: string; client: Caller },
): Promise<ResetAccount | null> {
  const { passwords, openings, link, passwordHash, client, clock, random } = step;
  const { tokenHash, userId } = link;
  const now = clock.now();
  const entry = { id: random.id(), at: now, cause: null, client };
  if (link.pendingPasswordHash !== null) {
    const audit = { ...entry, kind: 'REGISTERED' as const };
    const account = { tokenHash, purpose: 'RESET_PASSWORD' as const, userId, checkedPasswordHash: null, passwordHash };
    const email = await openings.open({ ...account, now, audit });
    return email === null ? null : { email, passwordVersion: FIRST_PASSWORD_VERSION };
  }
  return passwords.reset({
    tokenHash,
    userId,
    passwordHash,
    now,
    audit: { ...entry, kind: 'PASSWORD_RESET' },
    mail: {
      id: random.id(),
      kind: 'PASSWORD_CHANGED',
      at: now,
      language: client.mailLanguage,
      details: eventDetails({ at: now, client }),
    },
    client,
  });
}
