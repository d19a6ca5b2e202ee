import type { AuditTrail } from '../audit/audit.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { Logger } from '../logger.js';
import { createMemoryLimitStore, createRedisLimitStore } from './flexible-limit-store.js';
import { createInsuredLimitStore } from './insured-limit-store.js';
import type { Allowances } from './limit.js';
import type { LimitStore } from './limit-store.js';
import { createLimits, type Limits } from './limits.js';
import { createPostgresLimitStore } from './postgres-limit-store.js';
import { RedisPackageMissing } from './redis-package-missing.js';

const REDIS_TIMEOUT_MS = 1_000;
const REDIS_DISCONNECT_TIMEOUT_MS = 100;

/**
 * Limits whose counters are in Redis where there is an address of one, else in PostgreSQL; in this process while they are away. A Redis that
 * does not answer holds up no start.
 *
 * @throws {RedisPackageMissing} where ioredis, which is optional, is not installed.
 */
export async function openLimits(needs: {
  redisUrl: string | null;
  database: Database;
  allowances: Allowances;
  secrets: readonly Buffer[];
  audit: AuditTrail;
  clock: Clock;
  log: Logger;
}): Promise<{ limits: Limits; close(): void }> {
  const { redisUrl, database, clock, log } = needs;
  const counting = (store: LimitStore) => {
    const insurance = createMemoryLimitStore();
    return createLimits({ ...needs, store: createInsuredLimitStore({ store, insurance, clock, log }) });
  };
  if (redisUrl === null) return { limits: counting(createPostgresLimitStore({ database })), close: () => undefined };
  const client = await openRedis(redisUrl, log);
  return { limits: counting(createRedisLimitStore({ client })), close: () => client.disconnect() };
}

/** What is asked while there is no connection fails at once: the insurance counts then. */
async function openRedis(url: string, log: Logger) {
  const { Redis } = await import('ioredis').catch((error: unknown) => {
    throw new RedisPackageMissing(error);
  });
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: REDIS_TIMEOUT_MS,
    commandTimeout: REDIS_TIMEOUT_MS,
    // A stop does not wait for a connection that is lost already.
    disconnectTimeout: REDIS_DISCONNECT_TIMEOUT_MS,
  });
  let lastCause: string | null = null;
  client.on('ready', () => {
    lastCause = null;
  });
  client.on('error', ({ message }: Error) => {
    // One line for an outage: it is tried again several times a second.
    if (message !== lastCause) log.warn({ event: 'redis_away', cause: message });
    lastCause = message;
  });
  return client;
}
