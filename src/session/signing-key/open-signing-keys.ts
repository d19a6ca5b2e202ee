import type { Clock } from '../../platform/clock.js';
import type { Database } from '../../platform/database/database.js';
import type { Logger } from '../../platform/logger.js';
import type { Random } from '../../platform/random.js';
import type { SigningKeys } from '../access-token/signing-keys.js';
import { createSigningKeysFollower, type SigningKeysFollower } from './follow-signing-keys.js';
import { createKeyEncryption } from './key-encryption.js';
import { createKeyRing } from './key-ring.js';
import { createRotateSigningKeys } from './rotate-signing-keys.js';
import { createSigningKeyRepository } from './signing-key.repository.js';
import { signingKeyOf } from './signing-key-state.js';
import { SigningKeysUnreadable } from './signing-keys-unreadable.js';
import { unreadableSigningKeys } from './unreadable-signing-keys.js';

/** The keys that a gateway signs and verifies with. */
export interface OpenedSigningKeys {
  signingKeys: SigningKeys;
  /** null: the keys were given, and stay as they are. */
  follower: SigningKeysFollower | null;
  /** Whether this process can open every key that is in use. */
  areReadable(): boolean;
  /** Since the one that signs became active; null: they were given, or none signs. */
  ageSeconds(): number | null;
}

/**
 * The given keys, or those in the database: the first of all is made here, one that is due is rotated, and all are put
 * under the first of the encryption keys.
 *
 * @throws {SigningKeysUnreadable} where one in use can't be opened.
 */
export async function openSigningKeys(needs: {
  config: { signingKeyRotationDays: number };
  signingKeys: SigningKeys | null;
  keyEncryptionKeys: readonly Buffer[];
  database: Database;
  clock: Clock;
  random: Random;
  log: Logger;
}): Promise<OpenedSigningKeys> {
  const { config, signingKeys, keyEncryptionKeys: secrets, database, clock, random, log } = needs;
  if (signingKeys !== null) return { signingKeys, follower: null, areReadable: () => true, ageSeconds: () => null };
  const encryption = createKeyEncryption({ secrets, random });
  const repository = createSigningKeyRepository({ database });
  const rotationDays = config.signingKeyRotationDays;
  const rotate = createRotateSigningKeys({ repository, encryption, rotationDays, clock, random });
  // Before anything is rotated: who can't open the keys must not change them either.
  const unreadable = unreadableSigningKeys({ keys: await repository.all(), encryption, now: clock.now() });
  if (unreadable.length > 0) throw new SigningKeysUnreadable(unreadable);
  const ring = createKeyRing({ encryption, clock, log });
  ring.note((await rotate('SCHEDULE')).keys);
  // Another process may have made the first key meanwhile, under an encryption key that is not ours.
  if (ring.unreadable().length > 0) throw new SigningKeysUnreadable(ring.unreadable());
  const follower = createSigningKeysFollower({ ring, rotate, rotationDays, clock, log });
  return {
    signingKeys: ring,
    follower,
    areReadable: () => ring.unreadable().length === 0,
    ageSeconds: () => {
      const signing = signingKeyOf(ring.known(), clock.now());
      return signing === undefined ? null : (clock.now().getTime() - signing.activatesAt.getTime()) / 1000;
    },
  };
}
