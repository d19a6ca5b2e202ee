import type { SessionAnswer } from './session-answer.js';
import { AuthPayloadType } from './sign-in.type.js';

/** The payload of a session's answer in body delivery. */
export function toAuthPayload({ accessToken, expiresIn, refreshToken, session, user }: SessionAnswer): AuthPayloadType {
  return Object.assign(new AuthPayloadType(), {
    accessToken,
    tokenType: 'Bearer',
    expiresIn,
    refreshToken,
    refreshTokenExpiresAt: session.expiresAt,
    session: { ...session, current: true },
    user,
  });
}
