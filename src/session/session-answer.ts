import type { Identity } from '../graphql/auth-state.js';
import { addSeconds, earlier } from '../platform/clock.js';
import type { UserProfile } from '../user/user.repository.js';
import { grantedScopes, type ScopesOf } from './access-token/granted-scopes.js';
import type { IssueAccessToken } from './access-token/issue-access-token.js';
import type { ListedSession } from './refresh-session.repository.js';
import type { RefreshTokenCodec } from './refresh-token.js';

/** What a client gets when it has signed in or refreshed. */
export interface SessionAnswer {
  accessToken: string;
  expiresIn: number;
  refreshToken: string;
  session: ListedSession;
  user: UserProfile;
}

/** A session as it stands, its rotation committed. */
export interface AnswerableSession extends ListedSession {
  salt: Buffer;
  generation: number;
  amr: readonly string[];
  authenticatedAt: Date;
}

export type AnswerSession = (needs: {
  session: AnswerableSession;
  user: UserProfile;
  authEpoch: number;
}) => SessionAnswer;

/** Whom an access token of a session speaks for. */
export type DescribeIdentity = (needs: {
  session: Pick<AnswerableSession, 'id' | 'generation' | 'amr' | 'authenticatedAt'>;
  user: UserProfile;
  authEpoch: number;
}) => Identity;

/** An identity with the scopes that come with the user's roles. */
export function createDescribeIdentity({ scopesOf }: { scopesOf: ScopesOf }): DescribeIdentity {
  return ({ session, user, authEpoch }) => ({
    userId: user.id,
    sessionId: session.id,
    generation: session.generation,
    authEpoch,
    roles: user.roles,
    scopes: grantedScopes(scopesOf, user.roles),
    authTime: session.authenticatedAt,
    amr: session.amr,
  });
}

/** Makes the tokens of a session's current generation; the same refresh token each time, a fresh access token. */
export function createAnswerSession(needs: {
  codec: RefreshTokenCodec;
  issueAccessToken: IssueAccessToken;
  describeIdentity: DescribeIdentity;
}): AnswerSession {
  const { codec, issueAccessToken, describeIdentity } = needs;
  return ({ session, user, authEpoch }) => {
    const { id, salt, generation, createdAt, lastUsedAt, expiresAt, userAgent, ipAddress } = session;
    return {
      ...issueAccessToken({ identity: describeIdentity({ session, user, authEpoch }), sessionExpiresAt: expiresAt }),
      refreshToken: codec.derive({ userId: user.id, sessionId: id, generation }, salt),
      session: { id, createdAt, lastUsedAt, expiresAt, userAgent, ipAddress },
      user,
    };
  };
}

/** How long sessions live. */
export interface SessionLifetimes {
  idleTtlSeconds: number;
  absoluteTtlSeconds: number;
}

/** When a session that is used at `now` ends by itself; never past its absolute end. */
export function sessionEnd(needs: { now: Date; absoluteExpiresAt: Date; lifetimes: SessionLifetimes }): Date {
  return earlier(addSeconds(needs.now, needs.lifetimes.idleTtlSeconds), needs.absoluteExpiresAt);
}
