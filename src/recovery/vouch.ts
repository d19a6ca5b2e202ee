import type { Identity } from '../graphql/auth-state.js';
import type { AuditTrail, ClientFacts } from '../platform/audit/audit.js';
import type { Limits } from '../platform/limits/limits.js';
import { RateLimited } from '../platform/rate-limited.js';
import { checkCredential } from '../session/check-credential.js';
import type { CheckedPassword } from '../user/password/checked-password.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { UserRepository } from '../user/user.repository.js';
import { FIRST_PASSWORD_VERSION } from './account-opening.repository.js';
import type { LiveLink } from './account-token.repository.js';

/** The caller, sure to be signed in now; null: nobody. Rejects for a bad access token, so that the client refreshes. */
export type Viewer = () => Promise<Identity | null>;

/** Who stands for an account beside a link; what it rests on is looked at once more by the statement that acts. */
export type Vouched = { by: 'password'; checked: CheckedPassword } | { by: 'session'; sessionId: string };

export type VouchOutcome =
  | { kind: 'vouched'; vouched: Vouched }
  | { kind: 'password_required' }
  | { kind: 'invalid_credentials' };

/** Whether a caller stands for the account of a link: by its password, else by a session of it. */
export type Vouch = (input: {
  link: LiveLink;
  password: string | null;
  viewer: Viewer;
  client: ClientFacts;
}) => Promise<VouchOutcome>;

/**
 * A mailed link may have reached somebody else than the account's owner, so that it is never enough alone. Passwords are
 * counted by account before they are hashed.
 *
 * @throws {RateLimited} where too many were tried.
 */
export function createVouch(needs: {
  users: UserRepository;
  hasher: PasswordHasher;
  limits: Limits;
  audit: AuditTrail;
}): Vouch {
  const { users, hasher, limits, audit } = needs;
  return async ({ link, password, viewer, client }) => {
    const { userId } = link;
    if (password === null) {
      const identity = await viewer();
      if (identity?.userId !== userId) return { kind: 'password_required' };
      return { kind: 'vouched', vouched: { by: 'session', sessionId: identity.sessionId } };
    }
    const taking = await limits.take({ buckets: [{ limit: 'CODE_ACCOUNT', key: userId }], client });
    if (taking.kind === 'limited') throw new RateLimited(taking.retryAfterSeconds);
    const { pendingPasswordHash } = link;
    const credential =
      pendingPasswordHash === null
        ? await users.findCredentialOf(userId)
        : { userId, passwordHash: pendingPasswordHash, passwordVersion: FIRST_PASSWORD_VERSION, isDisabled: false };
    const check = await checkCredential({ credential, password, hasher });
    if (check.kind === 'refused') {
      await audit.record({ kind: 'PASSWORD_CHECK_FAILED', cause: check.cause, userId, client });
      return { kind: 'invalid_credentials' };
    }
    await taking.giveBack();
    return { kind: 'vouched', vouched: { by: 'password', checked: check.checked } };
  };
}
