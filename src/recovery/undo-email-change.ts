import type { Clock } from '../platform/clock.js';
import { eventDetails } from '../platform/mail/event-details.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { Random } from '../platform/random.js';
import type { CheckNewPassword } from '../user/password/check-new-password.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { Caller } from './caller.js';
import type { FindLink } from './find-link.js';
import type { PasswordRepository } from './password.repository.js';
import type { ResetPasswordOutcome } from './reset-password.js';

export type UndoEmailChange = (input: {
  token: string;
  password: string;
  client: Caller;
}) => Promise<ResetPasswordOutcome>;

/**
 * Gives an account its old address back by the link that was mailed there, with a new password. All sessions end; changes
 * of address that came later are undone with it, and those before it can still be.
 */
export function createUndoEmailChange(needs: {
  findLink: FindLink;
  checkNewPassword: CheckNewPassword;
  hasher: PasswordHasher;
  passwords: PasswordRepository;
  mailWake: MailWake;
  clock: Clock;
  random: Random;
}): UndoEmailChange {
  const { findLink, checkNewPassword, hasher, passwords, mailWake, clock, random } = needs;
  return async ({ token, password, client }) => {
    const link = await findLink({ token, purpose: 'UNDO_EMAIL_CHANGE', client });
    if (link === null) return { kind: 'link_expired' };
    const { tokenHash, userId, address } = link;
    const checked = await checkNewPassword({ password, email: address, userId, client });
    if (checked.kind === 'malformed') return { kind: 'malformed' };
    if (checked.kind === 'weak') return { kind: 'weak_password', reasons: checked.reasons };
    const passwordHash = await hasher.hash(checked.normalized);
    const now = clock.now();
    const account = await passwords.undoEmailChange({
      tokenHash,
      userId,
      passwordHash,
      now,
      audit: { id: random.id(), at: now, kind: 'EMAIL_CHANGE_UNDONE', cause: null, client },
      mail: {
        id: random.id(),
        kind: 'PASSWORD_CHANGED',
        at: now,
        language: client.mailLanguage,
        details: eventDetails({ at: now, client }),
      },
      client,
    });
    if (account === null) return { kind: 'link_expired' };
    mailWake.wake();
    return { kind: 'reset', userId, ...account };
  };
}
