import type { JWTPayload } from 'jose';
import type { AccessToken } from './access-token.js';

/** The gateway never issues a longer life than this. */
const LIFETIME_SECONDS_MAX = 3600;

/** Reads the claims of a gateway's access token; null where one is missing, of another kind, or lives too long. */
export function readClaims(payload: JWTPayload): AccessToken | null {
  const { sub, sid, roles, scope, auth_time: authTime, amr, jti, iat, exp } = payload;
  const isSound =
    isText(sub) &&
    isText(sid) &&
    isTexts(roles) &&
    typeof scope === 'string' &&
    isSeconds(authTime) &&
    isTexts(amr) &&
    isSeconds(iat) &&
    isSeconds(exp) &&
    exp - iat <= LIFETIME_SECONDS_MAX;
  if (!isSound) return null;
  return {
    userId: sub,
    sessionId: sid,
    roles,
    scopes: scope === '' ? [] : scope.split(' '),
    authTime: new Date(authTime * 1000),
    amr,
    tokenId: jti ?? null,
    issuedAt: new Date(iat * 1000),
    expiresAt: new Date(exp * 1000),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
