import type { SessionAnswer } from './session-answer.js';
import { AuthPayloadType } from './sign-in.type.js';

/** The payload of a session's answer; a token is null where it goes into a cookie, or there is none to give. */
export function toAuthPayload(
  answer: Omit<SessionAnswer, 'refreshToken'> & { refreshToken: string | null; deviceToken?: string | null },
): AuthPayloadType {
  const { accessToken, expiresIn, refreshToken, deviceToken = null, session, user } = answer;
  return Object.assign(new AuthPayloadType(), {
    accessToken,
    tokenType: 'Bearer',
    expiresIn,
    refreshToken,
    deviceToken,
    refreshTokenExpiresAt: session.expiresAt,
    session: { ...session, current: true },
    user,
  });
}
