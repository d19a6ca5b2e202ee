import { createDataSource } from '../data-source.js';
import { loadSecrets } from '../generated-secrets.js';
import { systemClock } from '../platform/clock.js';
import { createDatabase } from '../platform/database/database.js';
import { systemRandom } from '../platform/random.js';
import { createKeyEncryption, type KeyEncryption } from '../session/signing-key/key-encryption.js';
import { createListSigningKeys, type ListSigningKeys } from '../session/signing-key/list-signing-keys.js';
import { createRevokeSigningKey, type RevokeSigningKey } from '../session/signing-key/revoke-signing-key.js';
import { createRotateSigningKeys, type RotateSigningKeys } from '../session/signing-key/rotate-signing-keys.js';
import { createSigningKeyRepository } from '../session/signing-key/signing-key.repository.js';
import type { StoredSigningKey } from '../session/signing-key/stored-signing-key.js';
import { unreadableSigningKeys } from '../session/signing-key/unreadable-signing-keys.js';
import type { Opened } from './with-database.js';

/** What can be done with the keys in the database. */
export interface SigningKeyUseCases {
  encryption: KeyEncryption;
  list: ListSigningKeys;
  rotate: RotateSigningKeys;
  revoke: RevokeSigningKey;
  /** Keys in use that a start could not open. */
  unreadable(): Promise<StoredSigningKey[]>;
}

/** Opens the keys of an open database for work that ends; null: SIGNING_KEYS_FILE rules, and nothing is opened. */
export async function withSigningKeys<Result>(
  { config, database: opened }: Pick<Opened, 'config' | 'database'>,
  work: (keys: SigningKeyUseCases) => Promise<Result>,
): Promise<Result | null> {
  const [clock, random] = [systemClock, systemRandom(systemClock)];
  const { signingKeys, keyEncryptionKeys: secrets } = await loadSecrets({ config, random });
  if (signingKeys !== null) return null;
  const { databaseSchema: schema, signingKeyRotationDays: rotationDays } = config;
  const isPooled = opened.url !== opened.directUrl;
  const dataSource = createDataSource({ url: opened.url, schema, poolMax: 1, isPooled, hasTimeouts: true });
  await dataSource.initialize();
  try {
    const repository = createSigningKeyRepository({ database: createDatabase({ dataSource, schema, isPooled }) });
    const encryption = createKeyEncryption({ secrets, random });
    const needs = { repository, encryption, rotationDays, clock, random };
    return await work({
      encryption,
      list: createListSigningKeys(needs),
      rotate: createRotateSigningKeys(needs),
      revoke: createRevokeSigningKey(needs),
      unreadable: async () => unreadableSigningKeys({ keys: await repository.all(), encryption, now: clock.now() }),
    });
  } finally {
    await dataSource.destroy();
  }
}
