import { errors, jwtVerify } from 'jose';
import type { AccessToken } from './access-token.js';
import { AccessTokenError } from './access-token-error.js';
import { readClaims } from './claims.js';
import { publishedKeys } from './published-keys.js';
import { createTokenCache } from './token-cache.js';

/** Whose tokens are taken. */
export interface VerifierOptions {
  /** The gateway's `JWT_ISSUER` (by default its `PUBLIC_URL`), compared exactly. */
  readonly issuer: string;
  /** The gateway's `JWT_AUDIENCE` (by default the issuer), compared exactly. */
  readonly audience: string;
  /** Where it publishes its keys, e.g. `https://auth.example.org/.well-known/jwks.json`. */
  readonly jwksUrl: string;
  /** Sends the request for the keys. Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Milliseconds since 1970. Default: the machine's clock. */
  readonly nowMs?: () => number;
}

/** Verifies access tokens of one gateway. */
export interface Verifier {
  /**
   * Who the token speaks for. That its session was ended meanwhile it can't know: such a token is taken until it expires.
   *
   * @throws {AccessTokenError}
   */
  verify(token: string): Promise<AccessToken>;
  /** The same for an `Authorization` header; null where there is none, or one of another scheme. */
  verifyHeader(authorization: string | null | undefined): Promise<AccessToken | null>;
}

/** Clocks of two machines may differ by so much. */
const LEEWAY_SECONDS = 5;
const TOKEN_CHARACTERS_MAX = 8 * 1024;
const BEARER = /^bearer(?![\w!#$%&'*+.^`|~-]) *(.*)$/is;
/** What went wrong between us and the gateway, not with the token. */
const KEY_FAULTS = [errors.JWKSTimeout.code, errors.JWKSInvalid.code, errors.JOSEError.code];

/**
 * Makes a verifier as RFC 8725 and RFC 9068 4 ask: one algorithm, the type `at+jwt`, this issuer, this audience, a key
 * that the gateway publishes. A token is verified once and remembered for a minute at most; the keys for five.
 *
 * @throws {TypeError} where the issuer, the audience or the URL is missing.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { issuer, audience, jwksUrl, nowMs = Date.now } = options;
  // A setting that is missing would let in the tokens of others: what is undefined, the library does not check.
  for (const [name, value] of Object.entries({ issuer, audience, jwksUrl })) {
    if (typeof value !== 'string' || value === '') throw new TypeError(`createVerifier needs ${name}: a text`);
  }
  const keys = publishedKeys({ jwksUrl, send: options.fetch ?? ((url, init) => fetch(url, init)), nowMs });
  const cache = createTokenCache({ nowMs });
  const check = async (token: string): Promise<AccessToken> => {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['ES256'],
      typ: 'at+jwt',
      issuer,
      audience,
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(nowMs()),
    });
    const claims = readClaims(payload);
    const isFromTomorrow = claims !== null && claims.issuedAt.getTime() > nowMs() + LEEWAY_SECONDS * 1000;
    if (claims === null || isFromTomorrow) throw new AccessTokenError('TOKEN_INVALID');
    return claims;
  };
  const verify: Verifier['verify'] = async (token) => {
    if (token.length > TOKEN_CHARACTERS_MAX) throw new AccessTokenError('TOKEN_INVALID');
    const known = cache.get(token);
    if (known !== null) return known;
    try {
      const claims = await check(token);
      cache.set(token, claims);
      return claims;
    } catch (error) {
      throw faultOf(error);
    }
  };
  return {
    verify,
    verifyHeader: async (authorization) => {
      const match = BEARER.exec(authorization ?? '');
      return match === null ? null : verify(match[1] ?? '');
    },
  };
}

function faultOf(error: unknown): AccessTokenError {
  if (error instanceof AccessTokenError) return error;
  if (error instanceof errors.JWTExpired) return new AccessTokenError('TOKEN_EXPIRED');
  const code = error instanceof errors.JOSEError ? error.code : null;
  return new AccessTokenError(code !== null && KEY_FAULTS.includes(code) ? 'KEYS_UNAVAILABLE' : 'TOKEN_INVALID');
}
