import type { Clock } from '../platform/clock.js';
import type { RefreshSessionRepository } from './refresh-session.repository.js';
import type { RefreshTokenCodec } from './refresh-token.js';

/** The live session of a genuine refresh token, of any generation; null where the token is not, or the session ended. */
export type SessionOfToken = (refreshToken: string) => Promise<{ userId: string; sessionId: string } | null>;

/** Looks a token's session up; a text that is no token of ours costs no statement. */
export function createSessionOfToken(needs: {
  sessions: RefreshSessionRepository;
  codec: RefreshTokenCodec;
  clock: Clock;
}): SessionOfToken {
  const { sessions, codec, clock } = needs;
  return async (refreshToken) => {
    const token = codec.parse(refreshToken);
    const session = token === null ? null : await sessions.find(token);
    if (token === null || session === null || !codec.isGenuine(token, session.salt)) return null;
    const isAlive = session.revokedAt === null && clock.now() < session.expiresAt;
    return isAlive ? { userId: session.userId, sessionId: session.id } : null;
  };
}
