import jwt from 'jsonwebtoken';
import type { Identity } from '../../graphql/auth-state.js';
import { type Clock, toEpochSeconds } from '../../platform/clock.js';
import type { Random } from '../../platform/random.js';
import type { SigningKeys } from './signing-keys.js';

/** An access token and the seconds until it expires. */
export interface IssuedAccessToken {
  accessToken: string;
  expiresIn: number;
}

export type IssueAccessToken = (needs: { identity: Identity; sessionExpiresAt: Date }) => IssuedAccessToken;

/** Header `typ` of an access token (RFC 9068 2.1). */
export const ACCESS_TOKEN_TYPE = 'at+jwt';
/** Up to this part of the lifetime is left out at random, so that clients do not refresh in step. */
const JITTER = 0.05;

/** Issues access tokens: JWT signed with ES256, in the form of RFC 9068; none outlives its session. */
export function createIssueAccessToken(needs: {
  keys: SigningKeys;
  issuer: string;
  audience: string;
  ttlSeconds: number;
  clock: Clock;
  random: Random;
}): IssueAccessToken {
  const { keys, issuer, audience, ttlSeconds, clock, random } = needs;
  return ({ identity, sessionExpiresAt }) => {
    const issuedAt = toEpochSeconds(clock.now());
    const lifetime = Math.ceil(ttlSeconds * (1 - JITTER * random.fraction()));
    const expiresAt = Math.min(issuedAt + lifetime, toEpochSeconds(sessionExpiresAt));
    const claims = {
      iss: issuer,
      sub: identity.userId,
      aud: audience,
      exp: expiresAt,
      iat: issuedAt,
      jti: random.id(),
      sid: identity.sessionId,
      gen: identity.generation,
      epoch: identity.authEpoch,
      roles: identity.roles,
      scope: identity.scopes.join(' '),
      auth_time: toEpochSeconds(identity.authTime),
      amr: identity.amr,
    };
    const header = { alg: 'ES256' as const, typ: ACCESS_TOKEN_TYPE, kid: keys.signing.kid };
    const accessToken = jwt.sign(claims, keys.signing.privateKey, { algorithm: 'ES256', header });
    return { accessToken, expiresIn: Math.max(0, expiresAt - issuedAt) };
  };
}
