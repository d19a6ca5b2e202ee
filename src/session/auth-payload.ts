import type { SessionAnswer } from './session-answer.js';
import { AuthPayloadType } from './sign-in.type.js';

/** The payload of a session's answer; `refreshToken` is null where it goes into the cookie. */
export function toAuthPayload(
  answer: Omit<SessionAnswer, 'refreshToken'> & { refreshToken: string | null },
): AuthPayloadType {
  const { accessToken, expiresIn, refreshToken, session, user } = answer;
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
