import type { StoredSigningKey } from './stored-signing-key.js';

/** upcoming: published, not signing; active: signs; verifying: superseded, its tokens live on; retired, revoked: refused. */
export type SigningKeyState = 'upcoming' | 'active' | 'verifying' | 'retired' | 'revoked';

/** The times that a key's state follows from. */
export type SigningKeyTimes = Pick<StoredSigningKey, 'activatesAt' | 'signsUntil' | 'verifiesUntil' | 'revokedAt'>;

/** What a key is at `now`: every process comes to the same by the clock, without a word between them. */
export function signingKeyState(key: SigningKeyTimes, now: Date): SigningKeyState {
  const { activatesAt, signsUntil, verifiesUntil, revokedAt } = key;
  if (revokedAt !== null) return 'revoked';
  if (verifiesUntil !== null && now >= verifiesUntil) return 'retired';
  if (now < activatesAt) return 'upcoming';
  return signsUntil === null || now < signsUntil ? 'active' : 'verifying';
}

/**
 * The key that signs at `now`: the newest active one, else the next to come. Where a clock is behind that of who made
 * the only key, that one is still to come; it verifies everywhere already. undefined: there is none.
 */
export function signingKeyOf<Key extends SigningKeyTimes>(keys: readonly Key[], now: Date): Key | undefined {
  const inState = (state: SigningKeyState) =>
    keys
      .filter((key) => signingKeyState(key, now) === state)
      .sort((one, other) => one.activatesAt.getTime() - other.activatesAt.getTime());
  return inState('active').at(-1) ?? inState('upcoming')[0];
}
