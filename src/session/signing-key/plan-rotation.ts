import { addSeconds } from '../../platform/clock.js';
import { type SigningKeyTimes, signingKeyOf, signingKeyState } from './signing-key-state.js';

/** Published so long before it signs, in seconds: verifiers keep the published keys for 300, and some of them longer. */
const LEAD_SECONDS = 600;
/** No access token lives longer than 3600 s; leeway, clocks that differ and a minute of slack on top. */
const OVERLAP_SECONDS = 3_665;
const DAY_SECONDS = 86_400;

/** What is to become of the keys; null: nothing is due. */
export interface RotationPlan {
  activatesAt: Date;
  /** Is followed by the new key. */
  superseded: { kid: string; signsUntil: Date; verifiesUntil: Date } | null;
}

/**
 * Whether a new key is to be made at `now`: the first of all at once; later ones so early that each key signs for
 * `rotationDays` (0: never), or where somebody asks. While one is upcoming, none: so ten at once rotate once.
 */
export function planRotation(needs: {
  keys: readonly (SigningKeyTimes & { kid: string })[];
  now: Date;
  rotationDays: number;
  isAsked: boolean;
}): RotationPlan | null {
  const { keys, now, rotationDays, isAsked } = needs;
  if (keys.some((key) => signingKeyState(key, now) === 'upcoming')) return null;
  const active = signingKeyOf(keys, now);
  if (active === undefined) return { activatesAt: now, superseded: null };
  const dueAt = addSeconds(active.activatesAt, rotationDays * DAY_SECONDS - LEAD_SECONDS);
  const isDue = rotationDays > 0 && now >= dueAt;
  if (!isDue && !isAsked) return null;
  const activatesAt = addSeconds(now, LEAD_SECONDS);
  return { activatesAt, superseded: { kid: active.kid, ...supersededAt(activatesAt) } };
}

function supersededAt(signsUntil: Date): { signsUntil: Date; verifiesUntil: Date } {
  return { signsUntil, verifiesUntil: addSeconds(signsUntil, OVERLAP_SECONDS) };
}
