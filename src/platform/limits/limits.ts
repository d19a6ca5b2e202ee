import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AuditTrail, ClientFacts } from '../audit/audit.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../logger.js';
import type { Allowances, Bucket } from './limit.js';
import type { CountedBucket, LimitStore, StoreTaking } from './limit-store.js';

/** What came of a try to take. */
export type Taking =
  | {
      kind: 'taken';
      /** For what succeeded: it was no guess. A failure to give back is logged, and costs a point. */
      giveBack(): Promise<void>;
    }
  | { kind: 'limited'; retryAfterSeconds: number };

/** Counts tries before anything is done for them. */
export interface Limits {
  /** Takes a point from each of the buckets, or none where one of them has no more. */
  take(needs: { buckets: readonly Bucket[]; client: ClientFacts }): Promise<Taking>;
}

const HASH_KEY_BYTES = 32;
const AUDITED_ONCE_IN_MS = 60_000;
const AUDITED_REMEMBERED_MAX = 10_000;

/**
 * Counts in `store`, which gets to see no address and no account: its keys are HMACs under a key that comes from the first of
 * the secrets. That a limit was met is audited once a minute for each bucket, so that a flood does not fill the trail.
 */
export function createLimits(needs: {
  store: LimitStore;
  allowances: Allowances;
  secrets: readonly Buffer[];
  audit: AuditTrail;
  clock: Clock;
  log: Logger;
}): Limits {
  const { store, allowances, audit, clock, log } = needs;
  const hashOf = createBucketHash(needs.secrets);
  const audited = new LRUCache<string, true>({ max: AUDITED_REMEMBERED_MAX, ttl: AUDITED_ONCE_IN_MS });

  const auditOnce = async (bucket: Bucket, hash: Buffer, client: ClientFacts) => {
    const name = hash.toString('base64');
    if (audited.has(name)) return;
    audited.set(name, true);
    // Whether the trail can be written just now must not change the answer.
    await audit.record({ kind: 'RATE_LIMITED', cause: bucket.limit, userId: null, client }).catch((error: unknown) => {
      log.warn({ event: 'limit_not_audited', cause: error instanceof Error ? error.message : null });
    });
  };
  const giveBack = async (taken: StoreTaking & { kind: 'taken' }) => {
    try {
      await taken.giveBack(clock.now());
    } catch (error) {
      log.warn({ event: 'limit_point_lost', cause: error instanceof Error ? error.message : null });
    }
  };

  return {
    take: async ({ buckets, client }) => {
      const now = clock.now();
      const counted = buckets.map((bucket): CountedBucket => ({ hash: hashOf(bucket), ...allowances[bucket.limit] }));
      const taking = await store.take({ buckets: counted, now });
      if (taking.kind === 'taken') return { kind: 'taken', giveBack: () => giveBack(taking) };
      for (const place of taking.full) {
        const [bucket, one] = [buckets[place], counted[place]];
        if (bucket !== undefined && one !== undefined) await auditOnce(bucket, one.hash, client);
      }
      const retryAfterSeconds = Math.max(1, Math.ceil((taking.until.getTime() - now.getTime()) / 1000));
      return { kind: 'limited', retryAfterSeconds };
    },
  };
}

/** Whoever reads the table can't try addresses against it. */
function createBucketHash(secrets: readonly Buffer[]): (bucket: Bucket) => Buffer {
  const [secret] = secrets;
  if (secret === undefined) throw new Error('at least one secret is needed');
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'gatehouse limit key', HASH_KEY_BYTES)));
  return ({ limit, key: text }) => createHmac('sha256', key).update(`${limit}\0${text}`).digest();
}
