import { type SigningKeyTimes, signingKeyOf, signingKeyState } from './signing-key-state.js';

type Key = SigningKeyTimes & { kid: string };

/** What is to become of the other keys once one is revoked. */
export type RevocationPlan =
  /** There is no such key, or it is revoked already. */
  | { kind: 'unknown' }
  | { kind: 'already_revoked' }
  /** It signed: this one, which is published already, takes over at once; null: a new one has to be made. */
  | { kind: 'replace'; successorKid: string | null }
  /** It was to sign next: this one goes on without a successor; null: there is none. */
  | { kind: 'go_on'; kid: string | null }
  | { kind: 'only_revoke' };

/** What revoking `kid` at `now` means for the others: there is always one that signs. */
export function planRevocation({ keys, kid, now }: { keys: readonly Key[]; kid: string; now: Date }): RevocationPlan {
  const key = keys.find((one) => one.kid === kid);
  if (key === undefined) return { kind: 'unknown' };
  const state = signingKeyState(key, now);
  if (state === 'revoked') return { kind: 'already_revoked' };
  const others = keys.filter((one) => one !== key);
  if (signingKeyOf(keys, now) === key) {
    // An older key that only verifies still has its times: it does not come back.
    return { kind: 'replace', successorKid: signingKeyOf(others, now)?.kid ?? null };
  }
  if (state !== 'upcoming') return { kind: 'only_revoke' };
  const active = signingKeyOf(others, now);
  return { kind: 'go_on', kid: active?.kid ?? null };
}
