import type { Identity } from '../graphql/auth-state.js';
import type { AuditTrail, ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Limits } from '../platform/limits/limits.js';
import type { Random } from '../platform/random.js';
import { RateLimited } from '../platform/rate-limited.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { UserRepository } from '../user/user.repository.js';
import type { IssueAccessToken } from './access-token/issue-access-token.js';
import { checkCredential } from './check-credential.js';
import type { ReauthenticationRepository } from './reauthentication.repository.js';
import type { DescribeIdentity, SessionAnswer } from './session-answer.js';

export type ReauthenticateOutcome =
  | { kind: 'reauthenticated'; answer: Omit<SessionAnswer, 'refreshToken'> }
  | { kind: 'invalid_credentials' }
  | { kind: 'session_ended' };

export type Reauthenticate = (input: {
  identity: Identity;
  password: string;
  client: ClientFacts;
}) => Promise<ReauthenticateOutcome>;

export interface ReauthenticateNeeds {
  users: UserRepository;
  reauthentications: ReauthenticationRepository;
  hasher: PasswordHasher;
  limits: Limits;
  audit: AuditTrail;
  describeIdentity: DescribeIdentity;
  issueAccessToken: IssueAccessToken;
  clock: Clock;
  random: Random;
}

/**
 * Makes the sign-in of a session recent again, for the password of its user (step-up, RFC 9470): a new access token whose
 * `auth_time` is now, as that of every later one of the session. Nothing is rotated, and no session begins or ends.
 *
 * @throws {RateLimited} before anything is hashed.
 */
export function createReauthenticate(needs: ReauthenticateNeeds): Reauthenticate {
  const { users, reauthentications, hasher, audit, clock, random } = needs;
  return async ({ identity, password, client }) => {
    const { userId, sessionId } = identity;
    const refuse = async (cause: string): Promise<ReauthenticateOutcome> => {
      await audit.record({ kind: 'REAUTHENTICATION_FAILED', cause, userId, sessionId, client });
      return { kind: 'invalid_credentials' };
    };
    const credential = await users.findCredentialOf(userId);
    if (credential === null) return { kind: 'session_ended' };
    const taking = await needs.limits.take({ buckets: [{ limit: 'CODE_ACCOUNT', key: userId }], client });
    if (taking.kind === 'limited') throw new RateLimited(taking.retryAfterSeconds);
    const check = await checkCredential({ credential, password, hasher });
    if (check.kind === 'refused') return refuse(check.cause);
    const now = clock.now();
    const entry = { id: random.id(), at: now, kind: 'REAUTHENTICATED' as const, cause: null, client };
    const { checked } = check;
    const freshened = await reauthentications.freshen({ userId, sessionId, checked, now, audit: entry });
    // The password was changed or the user disabled while it was being checked.
    if (freshened === 'credential_changed') return refuse('CREDENTIAL_CHANGED');
    if (freshened === 'session_ended') return { kind: 'session_ended' };
    await taking.giveBack();
    const { session, user, authEpoch } = freshened;
    // A token of a newer generation than the caller has shown would confirm a refresh whose answer may have been lost.
    const generation = Math.min(identity.generation, session.generation);
    const fresh = needs.describeIdentity({ session: { ...session, generation }, user, authEpoch });
    const issued = needs.issueAccessToken({ identity: fresh, sessionExpiresAt: session.expiresAt });
    const { id, createdAt, lastUsedAt, expiresAt, userAgent, ipAddress } = session;
    const listed = { id, createdAt, lastUsedAt, expiresAt, userAgent, ipAddress };
    return { kind: 'reauthenticated', answer: { ...issued, session: listed, user } };
  };
}
