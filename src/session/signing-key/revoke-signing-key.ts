import type { OperatingAuditEntry } from '../../platform/audit/audit.js';
import type { Clock } from '../../platform/clock.js';
import type { Random } from '../../platform/random.js';
import type { KeyEncryption } from './key-encryption.js';
import { planRevocation, type RevocationPlan } from './plan-revocation.js';
import { newSigningKey } from './sealed-signing-key.js';
import type { SigningKeyRepository } from './signing-key.repository.js';
import type { StoredSigningKey } from './stored-signing-key.js';

/** What revoking came to; `successorKid`: the key that signs in its place from now on, where it signed. */
export type RevokedSigningKey =
  | { kind: 'unknown_key' }
  | { kind: 'already_revoked' }
  | { kind: 'revoked'; successorKid: string | null };

/**
 * Revokes a key for good: every process refuses its tokens within two seconds, and its private part is wiped. Where it
 * signed, another one does from the same moment on; it needs not be readable, so a lost encryption key is no hindrance.
 */
export type RevokeSigningKey = (kid: string) => Promise<RevokedSigningKey>;

/** Revocation of the stored keys. */
export function createRevokeSigningKey(needs: {
  repository: SigningKeyRepository;
  encryption: KeyEncryption;
  clock: Clock;
  random: Random;
}): RevokeSigningKey {
  const { repository, encryption, clock, random } = needs;
  return async (kid) => {
    const now = clock.now();
    const entry: OperatingAuditEntry = {
      id: random.id(),
      at: now,
      kind: 'SIGNING_KEY_REVOKED',
      cause: 'OPERATOR',
      client: null,
    };
    let outcome: RevokedSigningKey = { kind: 'unknown_key' };
    await repository.change((keys) => {
      // Its own row: an earlier try was committed, and its answer lost.
      const isOwn = keys.some((key) => key.kid === kid && key.revokedAt?.getTime() === now.getTime());
      if (outcome.kind === 'revoked' && isOwn) return { keys: [], audit: [] };
      const plan = planRevocation({ keys, kid, now });
      const others = othersOf({ plan, keys, now, encryption });
      outcome = outcomeOf(plan, others);
      if (outcome.kind !== 'revoked') return { keys: [], audit: [] };
      const revoked = keys.filter((key) => key.kid === kid).map((key) => ({ ...key, sealed: null, revokedAt: now }));
      return { keys: [...revoked, ...others], audit: [entry] };
    });
    return outcome;
  };
}

function othersOf(needs: {
  plan: RevocationPlan;
  keys: StoredSigningKey[];
  now: Date;
  encryption: KeyEncryption;
}): StoredSigningKey[] {
  const { plan, keys, now, encryption } = needs;
  const named = (kid: string | null) => keys.filter((key) => key.kid === kid);
  if (plan.kind === 'go_on') return named(plan.kid).map((key) => ({ ...key, signsUntil: null, verifiesUntil: null }));
  if (plan.kind !== 'replace') return [];
  if (plan.successorKid === null) return [newSigningKey({ encryption, now, activatesAt: now })];
  return named(plan.successorKid).map((key) => ({ ...key, activatesAt: now }));
}

function outcomeOf(plan: RevocationPlan, others: StoredSigningKey[]): RevokedSigningKey {
  if (plan.kind === 'unknown') return { kind: 'unknown_key' };
  if (plan.kind === 'already_revoked') return plan;
  return { kind: 'revoked', successorKid: plan.kind === 'replace' ? (others[0]?.kid ?? null) : null };
}
