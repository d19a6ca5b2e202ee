import type { KeyObject } from 'node:crypto';
import { systemClock } from '../../src/platform/clock.js';
import { systemRandom } from '../../src/platform/random.js';
import { createKeyEncryption } from '../../src/session/signing-key/key-encryption.js';
import { openSigningKey } from '../../src/session/signing-key/sealed-signing-key.js';
import { readStoredSigningKeys, type StoredSigningKey } from '../../src/session/signing-key/stored-signing-key.js';
import { readToken } from './forge-token.js';
import type { TestDatabase } from './test-database.js';

/** The rows of the table `signing_keys`, the oldest first. */
export async function storedKeys(database: TestDatabase): Promise<StoredSigningKey[]> {
  return readStoredSigningKeys(await database.query('SELECT * FROM gatehouse.signing_keys ORDER BY activates_at, kid'));
}

/** Lets so much time pass for the keys, and for nothing else. */
export async function ageKeys(database: TestDatabase, seconds: number): Promise<void> {
  const columns = ['created_at', 'activates_at', 'signs_until', 'verifies_until'];
  const sets = columns.map((name) => `${name} = ${name} - make_interval(secs => $1)`);
  await database.query(`UPDATE gatehouse.signing_keys SET ${sets.join(', ')}`, [seconds]);
}

/** The private part of a stored key, as somebody with its encryption key gets it. */
export function privateKeyOf(key: StoredSigningKey, secrets: readonly Buffer[]): KeyObject {
  const pair = openSigningKey(key, createKeyEncryption({ secrets, random: systemRandom(systemClock) }));
  if (pair === null) throw new Error('the key can not be opened');
  return pair.privateKey;
}

/** The names of the keys that a gateway publishes. */
export async function publishedKids(url: string): Promise<string[]> {
  const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

/** The key that signed a token. */
export function kidOf(token: string): string {
  return readToken(token).header.kid;
}
