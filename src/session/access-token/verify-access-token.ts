import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Identity } from '../../graphql/auth-state.js';
import { type Clock, toEpochSeconds } from '../../platform/clock.js';
import { ACCESS_TOKEN_TYPE } from './issue-access-token.js';
import type { SigningKeys } from './signing-keys.js';

export type VerifiedAccessToken = { kind: 'valid'; identity: Identity } | { kind: 'expired' } | { kind: 'invalid' };

export type VerifyAccessToken = (text: string) => VerifiedAccessToken;

/** Clocks of two machines may differ by so much. */
export const LEEWAY_SECONDS = 5;
const TOKEN_CHARACTERS_MAX = 8 * 1024;
const LIFETIME_SECONDS_MAX = 3600;
/** About 20,000 tokens of the usual size. */
const CACHE_CHARACTERS_MAX = 10_000_000;
const EXPIRED_DROPPED_AT_ONCE = 2;

/** Nothing but what our own tokens carry: `zip`, `crit`, `jku` and the rest are refused by being there. */
const headerSchema = z.strictObject({
  alg: z.literal('ES256'),
  typ: z.literal(ACCESS_TOKEN_TYPE),
  kid: z.string(),
});
const time = z.int().nonnegative();
const claimsSchema = z.object({
  sub: z.uuid(),
  exp: time,
  iat: time,
  nbf: time.optional(),
  sid: z.uuid(),
  gen: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  roles: z.array(z.string()),
  scope: z.string(),
  auth_time: time,
  amr: z.array(z.string()),
});

interface Genuine {
  kid: string;
  identity: Identity;
  notBefore: number;
  issuedAt: number;
  expiresAt: number;
}

/**
 * Verifies access tokens as RFC 8725 asks: one algorithm, our `typ`, issuer and audience, a known key, an `exp`.
 * The signature of a token is checked once and remembered in a bounded cache; its times, and whether its key still
 * verifies, are checked at each call.
 */
export function createVerifyAccessToken(needs: {
  keys: SigningKeys;
  issuer: string;
  audience: string;
  clock: Clock;
}): VerifyAccessToken {
  const cache = new LRUCache<string, Genuine>({
    maxSize: CACHE_CHARACTERS_MAX,
    sizeCalculation: (_, text) => text.length,
  });
  return (text) => {
    if (text.length > TOKEN_CHARACTERS_MAX) return { kind: 'invalid' };
    const known = cache.get(text);
    const genuine = known ?? checkSignature(text, needs);
    if (genuine === null) return { kind: 'invalid' };
    if (!needs.keys.verifying.has(genuine.kid)) {
      cache.delete(text);
      return { kind: 'invalid' };
    }
    const now = toEpochSeconds(needs.clock.now());
    const verified = checkTimes(genuine, now);
    if (verified.kind === 'expired') cache.delete(text);
    else if (known === undefined) {
      dropExpired(cache, now);
      cache.set(text, genuine);
    }
    return verified;
  };
}

/** For each that comes up to two expired ones go, those used longest ago first: they must not fill the whole cache. */
function dropExpired(cache: LRUCache<string, Genuine>, now: number): void {
  const oldest: string[] = [];
  for (const text of cache.rkeys()) {
    oldest.push(text);
    if (oldest.length === EXPIRED_DROPPED_AT_ONCE) break;
  }
  for (const text of oldest) {
    const kept = cache.peek(text);
    if (kept !== undefined && isExpired(kept, now)) cache.delete(text);
  }
}

function isExpired({ expiresAt }: Genuine, now: number): boolean {
  return now >= expiresAt + LEEWAY_SECONDS;
}

function checkTimes(genuine: Genuine, now: number): VerifiedAccessToken {
  const { identity, notBefore, issuedAt } = genuine;
  if (isExpired(genuine, now)) return { kind: 'expired' };
  if (issuedAt > now + LEEWAY_SECONDS || notBefore > now + LEEWAY_SECONDS) return { kind: 'invalid' };
  return { kind: 'valid', identity };
}

function checkSignature(
  text: string,
  { keys, issuer, audience }: { keys: SigningKeys; issuer: string; audience: string },
): Genuine | null {
  try {
    const header = headerSchema.parse(jwt.decode(text, { complete: true })?.header);
    const key = keys.verifying.get(header.kid);
    if (key === undefined) return null;
    const payload = jwt.verify(text, key, {
      algorithms: ['ES256'],
      issuer,
      audience,
      // The times are checked by our own clock, on each use.
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
    return toGenuine(header.kid, claimsSchema.parse(payload));
  } catch {
    return null;
  }
}

function toGenuine(kid: string, claims: z.infer<typeof claimsSchema>): Genuine | null {
  if (claims.exp - claims.iat > LIFETIME_SECONDS_MAX) return null;
  const identity = {
    userId: claims.sub,
    sessionId: claims.sid,
    generation: claims.gen,
    authEpoch: claims.epoch,
    roles: claims.roles,
    scopes: claims.scope === '' ? [] : claims.scope.split(' '),
    authTime: new Date(claims.auth_time * 1000),
    amr: claims.amr,
    keyId: kid,
  };
  return { kid, identity, notBefore: claims.nbf ?? claims.iat, issuedAt: claims.iat, expiresAt: claims.exp };
}
