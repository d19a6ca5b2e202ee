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

/** Makes the tokens of a session's current generation; the same refresh token each time, a fresh access token. */
export function createAnswerSession(needs: {
  codec: RefreshTokenCodec;
  issueAccessToken: IssueAccessToken;
  scopesOf: ScopesOf;
}): AnswerSession {
  const { codec, issueAccessToken, scopesOf } = needs;
  return ({ session, user, authEpoch }) => {
    const { id, salt, generation, amr, authenticatedAt, createdAt, lastUsedAt, expiresAt, userAgent, ipAddress } =
      session;
    const identity = {
      userId: user.id,
      sessionId: id,
      generation,
      authEpoch,
      roles: user.roles,
      scopes: grantedScopes(scopesOf, user.roles),
      authTime: authenticatedAt,
      amr,
    };
    return {
      ...issueAccessToken({ identity, sessionExpiresAt: expiresAt }),
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
