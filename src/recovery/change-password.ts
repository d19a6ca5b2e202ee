import type { Identity } from '../graphql/auth-state.js';
import type { AuditTrail } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Limits } from '../platform/limits/limits.js';
import { eventDetails } from '../platform/mail/event-details.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { Random } from '../platform/random.js';
import { RateLimited } from '../platform/rate-limited.js';
import { checkCredential } from '../session/check-credential.js';
import type { TokenDelivery } from '../session/refresh-session.repository.js';
import type { CheckNewPassword } from '../user/password/check-new-password.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { PasswordWeakness } from '../user/password/password-policy.js';
import type { UserRepository } from '../user/user.repository.js';
import type { Caller } from './caller.js';
import type { PasswordRepository } from './password.repository.js';

export type ChangePasswordOutcome =
  | { kind: 'changed'; endedSessions: number; passwordVersion: number; tokenDelivery: TokenDelivery }
  | { kind: 'invalid_credentials' }
  | { kind: 'session_ended' }
  | { kind: 'weak_password'; reasons: PasswordWeakness[] }
  | { kind: 'malformed' };

export type ChangePassword = (input: {
  identity: Identity;
  currentPassword: string;
  newPassword: string;
  client: Caller;
}) => Promise<ChangePasswordOutcome>;

export interface ChangePasswordNeeds {
  users: UserRepository;
  passwords: PasswordRepository;
  checkNewPassword: CheckNewPassword;
  hasher: PasswordHasher;
  limits: Limits;
  audit: AuditTrail;
  mailWake: MailWake;
  clock: Clock;
  random: Random;
}

/**
 * Replaces the viewer's password for their present one. Their other sessions end, and links that were mailed before are
 * void.
 *
 * @throws {RateLimited} where too many passwords were tried.
 */
export function createChangePassword(needs: ChangePasswordNeeds): ChangePassword {
  const { users, audit, hasher, limits } = needs;
  return async ({ identity, currentPassword, newPassword, client }) => {
    const { userId, sessionId } = identity;
    const refuse = async (cause: string): Promise<ChangePasswordOutcome> => {
      await audit.record({ kind: 'PASSWORD_CHECK_FAILED', cause, userId, sessionId, client });
      return { kind: 'invalid_credentials' };
    };
    const [profile] = await users.findProfiles([userId]);
    if (profile === undefined) return { kind: 'session_ended' };
    const taking = await limits.take({ buckets: [{ limit: 'CODE_ACCOUNT', key: userId }], client });
    if (taking.kind === 'limited') throw new RateLimited(taking.retryAfterSeconds);
    const acceptable = await needs.checkNewPassword({ password: newPassword, email: profile.email, userId, client });
    if (acceptable.kind === 'malformed') return { kind: 'malformed' };
    if (acceptable.kind === 'weak') return { kind: 'weak_password', reasons: acceptable.reasons };
    const credential = await users.findCredentialOf(userId);
    const check = await checkCredential({ credential, password: currentPassword, hasher });
    if (check.kind === 'refused') return refuse(check.cause);
    await taking.giveBack();
    const passwordHash = await hasher.hash(acceptable.normalized);
    const change = newPasswordOf(needs, { userId, passwordHash, client });
    const changed = await needs.passwords.change({ ...change, checked: check.checked, sessionId });
    // Changed by somebody else, or the session ended, while it was being checked.
    if (changed === null) return refuse('CREDENTIAL_CHANGED');
    needs.mailWake.wake();
    return { kind: 'changed', ...changed };
  };
}

function newPasswordOf(
  { clock, random }: ChangePasswordNeeds,
  change: { userId: string; passwordHash: string; client: Caller },
) {
  const now = clock.now();
  const { client } = change;
  return {
    ...change,
    now,
    audit: { id: random.id(), at: now, kind: 'PASSWORD_CHANGED' as const, cause: null, client },
    mail: {
      id: random.id(),
      kind: 'PASSWORD_CHANGED' as const,
      at: now,
      language: client.mailLanguage,
      details: eventDetails({ at: now, client }),
    },
  };
}
