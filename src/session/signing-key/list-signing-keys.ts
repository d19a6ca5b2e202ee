import type { Clock } from '../../platform/clock.js';
import type { SigningKeyRepository } from './signing-key.repository.js';
import { type SigningKeyState, signingKeyState } from './signing-key-state.js';

/** A key as an operator sees it; nothing of it is secret. */
export interface ListedSigningKey {
  kid: string;
  state: SigningKeyState;
  activatesAt: Date;
  signsUntil: Date | null;
  verifiesUntil: Date | null;
  revokedAt: Date | null;
  /** The name of the encryption key; null: the private part is wiped. */
  encryptedUnder: string | null;
}

/** All keys, the newest first. */
export type ListSigningKeys = () => Promise<ListedSigningKey[]>;

/** The stored keys, each in its state of the moment. */
export function createListSigningKeys(needs: { repository: SigningKeyRepository; clock: Clock }): ListSigningKeys {
  const { repository, clock } = needs;
  return async () => {
    const now = clock.now();
    return (await repository.all()).map((key) => ({
      kid: key.kid,
      state: signingKeyState(key, now),
      activatesAt: key.activatesAt,
      signsUntil: key.signsUntil,
      verifiesUntil: key.verifiesUntil,
      revokedAt: key.revokedAt,
      encryptedUnder: key.sealed?.under ?? null,
    }));
  };
}
