import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { addSeconds } from '../clock.js';
import type { CountedBucket, LimitStore } from './limit-store.js';

const KEY_PREFIX = 'gatehouse:limit';

/** Counts in the memory of this process: each counter lives as long as its window. */
export function createMemoryLimitStore(): LimitStore {
  return createFlexibleLimitStore((allowance) => new RateLimiterMemory({ ...allowance, keyPrefix: KEY_PREFIX }));
}

/** Counts in Redis, by a client that is connected or connecting; what it can't answer at once it rejects. */
export function createRedisLimitStore({ client }: { client: unknown }): LimitStore {
  return createFlexibleLimitStore(
    (allowance) =>
      new RateLimiterRedis({ ...allowance, storeClient: client, keyPrefix: KEY_PREFIX, rejectIfRedisNotReady: true }),
  );
}

/** One bucket after the other: where one is full, what was taken from those before it is put back. */
function createFlexibleLimitStore(
  createLimiter: (allowance: { points: number; duration: number }) => RateLimiterAbstract,
): LimitStore {
  const limiters = new Map<string, RateLimiterAbstract>();
  const limiterOf = ({ points, seconds }: CountedBucket) => {
    const name = `${points}/${seconds}`;
    const limiter = limiters.get(name) ?? createLimiter({ points, duration: seconds });
    limiters.set(name, limiter);
    return limiter;
  };
  const putBack = async (taken: readonly TakenPoint[], now: Date) => {
    const running = taken.filter(({ until }) => until > now);
    await Promise.all(running.map(({ bucket }) => limiterOf(bucket).reward(keyOf(bucket), 1)));
  };

  return {
    take: async ({ buckets, now }) => {
      const taken: TakenPoint[] = [];
      for (const [place, bucket] of buckets.entries()) {
        const { isFull, msBeforeNext } = await consume(limiterOf(bucket), keyOf(bucket));
        const until = addSeconds(now, msBeforeNext / 1000);
        if (!isFull) {
          taken.push({ bucket, until });
          continue;
        }
        await putBack(taken, now);
        return { kind: 'full', full: [place], until };
      }
      return { kind: 'taken', giveBack: (at) => putBack(taken, at) };
    },
  };
}

interface TakenPoint {
  bucket: CountedBucket;
  /** The end of its window. */
  until: Date;
}

const keyOf = ({ hash }: CountedBucket) => hash.toString('base64url');

/** The library rejects with a result where a bucket is full, and with an error where its store is away. */
async function consume(limiter: RateLimiterAbstract, key: string): Promise<{ isFull: boolean; msBeforeNext: number }> {
  try {
    const { msBeforeNext } = await limiter.consume(key, 1);
    return { isFull: false, msBeforeNext };
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    return { isFull: true, msBeforeNext: error.msBeforeNext };
  }
}
