import type { Identity } from '../graphql/auth-state.js';
import type { ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { RefreshSessionRepository } from './refresh-session.repository.js';
import type { RefreshTokenCodec } from './refresh-token.js';
import type { EndingRepository } from './revocation/ending.repository.js';

export type Logout = (input: {
  refreshToken: string | null;
  /** Whose access token came along, if it was taken. */
  identity: Identity | null;
  client: ClientFacts;
}) => Promise<void>;

export interface LogoutNeeds {
  sessions: RefreshSessionRepository;
  endings: EndingRepository;
  codec: RefreshTokenCodec;
  clock: Clock;
}

/**
 * Ends the session of the refresh token where that is genuine, of any generation, and its session alive; otherwise
 * that of the access token. Does nothing, quietly, where there is neither.
 */
export function createLogout({ sessions, endings, codec, clock }: LogoutNeeds): Logout {
  const sessionOf = async (refreshToken: string): Promise<{ userId: string; sessionId: string } | null> => {
    const token = codec.parse(refreshToken);
    const session = token === null ? null : await sessions.find(token);
    if (token === null || session === null || !codec.isGenuine(token, session.salt)) return null;
    const isAlive = session.revokedAt === null && clock.now() < session.expiresAt;
    return isAlive ? { userId: session.userId, sessionId: session.id } : null;
  };
  return async ({ refreshToken, identity, client }) => {
    const meant = (refreshToken === null ? null : await sessionOf(refreshToken)) ?? identity;
    if (meant === null) return;
    await endings.end({ userId: meant.userId, sessionId: meant.sessionId, cause: 'LOGOUT', client });
  };
}
