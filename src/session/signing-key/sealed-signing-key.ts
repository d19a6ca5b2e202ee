import { generateSigningKeys, parseSigningKeyPairs, type SigningKeyPair } from '../access-token/signing-keys.js';
import type { KeyEncryption } from './key-encryption.js';
import type { StoredSigningKey } from './stored-signing-key.js';

/** A new key as it is to be stored, to sign from `activatesAt`. The runtime's own generator draws it. */
export function newSigningKey(needs: { encryption: KeyEncryption; now: Date; activatesAt: Date }): StoredSigningKey {
  const pair = newPair();
  const { jwk, privateKey } = pair;
  const scalar = Buffer.from(String(privateKey.export({ format: 'jwk' }).d), 'base64url');
  return {
    kid: jwk.kid,
    publicJwk: jwk,
    sealed: needs.encryption.seal({ kid: jwk.kid, privateKey: scalar }),
    createdAt: needs.now,
    activatesAt: needs.activatesAt,
    signsUntil: null,
    verifiesUntil: null,
    revokedAt: null,
  };
}

function newPair(): SigningKeyPair {
  const [pair] = parseSigningKeyPairs(generateSigningKeys());
  if (pair === undefined) throw new Error('no key was made');
  // A command line would take such a name for an option.
  return pair.jwk.kid.startsWith('-') ? newPair() : pair;
}

/**
 * Both parts of a stored key; null where it can't be opened, or where the public part is not that of the private one:
 * who can write the database alone can plant no key.
 */
export function openSigningKey(key: StoredSigningKey, encryption: KeyEncryption): SigningKeyPair | null {
  const { kid, publicJwk, sealed } = key;
  const scalar = sealed === null ? null : encryption.open({ kid, sealed });
  if (scalar === null) return null;
  try {
    const jwk = { ...(publicJwk as object), d: scalar.toString('base64url'), kid };
    return parseSigningKeyPairs(JSON.stringify({ keys: [jwk] }))[0] ?? null;
  } catch {
    return null;
  }
}

/** The key under the first secret of the list, where that does not encrypt it yet; null: it does, or can't be opened. */
export function resealed(key: StoredSigningKey, encryption: KeyEncryption): StoredSigningKey | null {
  const { kid, sealed } = key;
  if (sealed === null || sealed.under === encryption.currentName) return null;
  const privateKey = encryption.open({ kid, sealed });
  return privateKey === null ? null : { ...key, sealed: encryption.seal({ kid, privateKey }) };
}
