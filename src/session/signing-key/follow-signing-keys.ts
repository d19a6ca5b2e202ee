import type { Clock } from '../../platform/clock.js';
import type { Logger } from '../../platform/logger.js';
import type { KeyRing } from './key-ring.js';
import { planRotation } from './plan-rotation.js';
import type { RotateSigningKeys } from './rotate-signing-keys.js';
import type { StoredSigningKey } from './stored-signing-key.js';

/** What a look at the feed found of the keys. */
export interface SigningKeysLook {
  /** Changes with the keys. */
  stamp: string;
  /** null: they are as at the last look. */
  keys: StoredSigningKey[] | null;
}

/** Keeps a key ring in step with the table, and rotates when it is time. */
export interface SigningKeysFollower {
  /** That of the last look; null: the keys are to be brought whatever they are. */
  stamp(): string | null;
  /** After each look at the feed. Never throws. */
  note(look: SigningKeysLook): void;
  stop(): Promise<void>;
}

const RETRY_AFTER_MS = 30_000;

/** A follower that has seen nothing. The schedule is asked at each look: it needs no timer of its own. */
export function createSigningKeysFollower(needs: {
  ring: KeyRing;
  rotate: RotateSigningKeys;
  rotationDays: number;
  clock: Clock;
  log: Logger;
}): SigningKeysFollower {
  const { ring, rotate, rotationDays, clock, log } = needs;
  let stamp: string | null = null;
  let rotating: Promise<void> | null = null;
  let failedAtMs: number | null = null;

  const rotateNow = async () => {
    try {
      const { made, keys } = await rotate('SCHEDULE');
      failedAtMs = null;
      ring.note(keys);
      // What this process knows may be newer than its last look: the next one brings all.
      stamp = null;
      if (made !== null) {
        const { kid, activatesAt } = made;
        log.info({ event: 'signing_key_rotated', kid, activatesAt }, 'a new signing key is published');
      }
    } catch (error) {
      failedAtMs = clock.monotonicMs();
      const cause = error instanceof Error ? error.message : null;
      log.error({ event: 'signing_key_rotation_failed', cause }, 'the signing keys are due, and could not be rotated');
    } finally {
      rotating = null;
    }
  };
  const isDue = () => planRotation({ keys: ring.known(), now: clock.now(), rotationDays, isAsked: false }) !== null;
  const mayTry = () => failedAtMs === null || clock.monotonicMs() - failedAtMs >= RETRY_AFTER_MS;
  return {
    stamp: () => stamp,
    note: (look) => {
      if (look.keys !== null) {
        ring.note(look.keys);
        stamp = look.stamp;
      }
      if (rotating === null && isDue() && mayTry()) rotating = rotateNow();
    },
    stop: async () => {
      await rotating;
    },
  };
}
