import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { z } from 'zod';

/** Keys of access tokens, as they are at the moment of asking. */
export interface SigningKeys {
  /** @throws {ServiceUnavailable} where none can sign just now. */
  readonly signing: { kid: string; privateKey: KeyObject };
  /** Asked for each token, remembered ones too: a revoked key is in it no more. */
  readonly verifying: Pick<ReadonlyMap<string, KeyObject>, 'get' | 'has'>;
  /** The public parts, as `/.well-known/jwks.json` publishes them (RFC 7517 5); the same object until they change. */
  readonly jwks: { keys: readonly PublicJwk[] };
}

/** Keys that stay as they are. */
export interface FixedSigningKeys extends SigningKeys {
  readonly verifying: ReadonlyMap<string, KeyObject>;
}

/** One key, both parts. */
export interface SigningKeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
  jwk: PublicJwk;
}

export interface PublicJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
  kid: string;
  use: 'sig';
  alg: 'ES256';
}

const privateJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string().min(1).max(128).optional(),
});
const privateJwkSet = z.object({ keys: z.array(privateJwk).min(1) });

/** Thrown by {@link parseSigningKeys}; never tells anything of a key. */
export class SigningKeysError extends Error {
  override readonly name = 'SigningKeysError';
}

/**
 * Reads a private JWK set of ES256 keys, the first to sign, all to verify.
 *
 * @throws {SigningKeysError} where it is anything else.
 */
export function parseSigningKeys(text: string): FixedSigningKeys {
  const keys = parseSigningKeyPairs(text);
  const [signing] = keys;
  const verifying = new Map(keys.map(({ jwk, publicKey }) => [jwk.kid, publicKey]));
  if (signing === undefined || verifying.size < keys.length) throw new SigningKeysError('two keys have the same kid');
  return {
    signing: { kid: signing.jwk.kid, privateKey: signing.privateKey },
    verifying,
    jwks: { keys: keys.map(({ jwk }) => jwk) },
  };
}

/**
 * Reads a private JWK set of ES256 keys (RFC 7517 5); a key without `kid` is named by its thumbprint (RFC 7638).
 *
 * @throws {SigningKeysError} where it is anything else.
 */
export function parseSigningKeyPairs(text: string): SigningKeyPair[] {
  return privateKeysOf(text).map(toKeyPair);
}

/** A new private JWK set of one key, as text. */
export function generateSigningKeys(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = privateKey.export({ format: 'jwk' });
  return JSON.stringify({ keys: [{ ...jwk, kid: thumbprint(jwk), use: 'sig', alg: 'ES256' }] });
}

function privateKeysOf(text: string): z.infer<typeof privateJwk>[] {
  try {
    return privateJwkSet.parse(JSON.parse(text)).keys;
  } catch {
    // The parser's own words could quote the file.
    throw new SigningKeysError('not a JWK set of private EC keys on P-256');
  }
}

function toKeyPair({ kid, ...key }: z.infer<typeof privateJwk>): SigningKeyPair {
  const privateKey = importPrivateKey(key);
  const publicKey = createPublicKey(privateKey);
  const { x, y } = key;
  if (!isPair(key)) throw new SigningKeysError('a key whose public part does not belong to its private part');
  const jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y, kid: kid ?? thumbprint(key), use: 'sig', alg: 'ES256' };
  return { privateKey, publicKey, jwk };
}

function importPrivateKey(key: JsonWebKey): KeyObject {
  try {
    return createPrivateKey({ key, format: 'jwk' });
  } catch {
    throw new SigningKeysError('a key that is not on the curve P-256');
  }
}

/** Node takes the public part as it stands, without a look at the private one. */
function isPair({ x, y, d }: z.infer<typeof privateJwk>): boolean {
  const derived = createECDH('prime256v1');
  derived.setPrivateKey(Buffer.from(d, 'base64url'));
  const point = derived.getPublicKey();
  return point.subarray(1, 33).toString('base64url') === x && point.subarray(33).toString('base64url') === y;
}

/** RFC 7638 3: the hash of the required members, in alphabetical order. */
function thumbprint({ crv, kty, x, y }: JsonWebKey): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
