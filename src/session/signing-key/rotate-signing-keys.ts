import type { OperatingAuditEntry } from '../../platform/audit/audit.js';
import { addSeconds, type Clock } from '../../platform/clock.js';
import type { Random } from '../../platform/random.js';
import type { KeyEncryption } from './key-encryption.js';
import { planRotation } from './plan-rotation.js';
import { newSigningKey, resealed } from './sealed-signing-key.js';
import type { SigningKeyChange, SigningKeyRepository } from './signing-key.repository.js';
import { signingKeyState } from './signing-key-state.js';
import type { StoredSigningKey } from './stored-signing-key.js';

/** What rotating came to: the key that was made, null where none was due; and all keys as they stand. */
export interface RotatedSigningKeys {
  made: StoredSigningKey | null;
  keys: StoredSigningKey[];
}

/**
 * Makes the next key where one is due, or asked for by an operator; puts keys under the first of the encryption keys;
 * and wipes the private parts of keys that are retired. Any number of processes at once make one key.
 */
export type RotateSigningKeys = (cause: 'SCHEDULE' | 'OPERATOR') => Promise<RotatedSigningKeys>;

const CLOCKS_DIFFER_SECONDS = 60;

interface Needs {
  repository: SigningKeyRepository;
  encryption: KeyEncryption;
  /** 0: never by themselves. */
  rotationDays: number;
  clock: Clock;
  random: Random;
}

/** Rotation of the stored keys. */
export function createRotateSigningKeys(needs: Needs): RotateSigningKeys {
  const { repository, random, clock } = needs;
  return async (cause) => {
    // Made before the first try: one whose answer was lost meets its own key when it is tried again.
    const entry: OperatingAuditEntry = {
      id: random.id(),
      at: clock.now(),
      kind: 'SIGNING_KEY_ROTATED',
      cause,
      client: null,
    };
    let made: StoredSigningKey | null = null;
    const keys = await repository.change((before) => {
      if (made !== null && before.some(({ kid }) => kid === made?.kid)) return { keys: [], audit: [] };
      const change = changeOf({ ...needs, before, entry });
      made = change.made;
      return change;
    });
    return { made, keys };
  };
}

function changeOf(
  needs: Needs & { before: StoredSigningKey[]; entry: OperatingAuditEntry },
): SigningKeyChange & { made: StoredSigningKey | null } {
  const { before, entry, encryption, rotationDays } = needs;
  const now = entry.at;
  const plan = planRotation({ keys: before, now, rotationDays, isAsked: entry.cause === 'OPERATOR' });
  const made = plan === null ? null : newSigningKey({ encryption, now, activatesAt: plan.activatesAt });
  const isFirst = before.length === 0;
  const changed = before.flatMap((key) => {
    // By every clock: a process whose own is behind would miss the private part of a key that still verifies there.
    const isLongRetired = signingKeyState(key, addSeconds(now, -CLOCKS_DIFFER_SECONDS)) === 'retired';
    const kept = isLongRetired ? wiped(key) : resealed(key, encryption);
    const { kid, ...times } = plan?.superseded ?? { kid: null };
    if (key.kid === kid) return [{ ...(kept ?? key), ...times }];
    return kept === null ? [] : [kept];
  });
  return {
    made,
    keys: made === null ? changed : [...changed, made],
    audit: made === null ? [] : [isFirst ? { ...entry, cause: 'FIRST' } : entry],
  };
}

/** null: it is so already. */
function wiped(key: StoredSigningKey): StoredSigningKey | null {
  return key.sealed === null ? null : { ...key, sealed: null };
}
