import type { KeyEncryption } from './key-encryption.js';
import { openSigningKey } from './sealed-signing-key.js';
import { signingKeyState } from './signing-key-state.js';
import type { StoredSigningKey } from './stored-signing-key.js';

/** The keys in use, or to be used, that can't be opened with these encryption keys. */
export function unreadableSigningKeys(needs: {
  keys: readonly StoredSigningKey[];
  encryption: KeyEncryption;
  now: Date;
}): StoredSigningKey[] {
  const { keys, encryption, now } = needs;
  return keys.filter((key) => {
    const isOver = ['retired', 'revoked'].includes(signingKeyState(key, now));
    return !isOver && openSigningKey(key, encryption) === null;
  });
}
