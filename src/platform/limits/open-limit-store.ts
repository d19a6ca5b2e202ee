import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { Logger } from '../logger.js';
import { createMemoryLimitStore, createRedisLimitStore } from './flexible-limit-store.js';
import { createInsuredLimitStore } from './insured-limit-store.js';
import type { LimitStore } from './limit-store.js';
import { createPostgresLimitStore } from './postgres-limit-store.js';
import { RedisPackageMissing } from './redis-package-missing.js';

const REDIS_TIMEOUT_MS = 1_000;

/**
 * Counters in Redis where there is an address of one, else in PostgreSQL; in this process while they are away. A Redis that
 * does not answer holds up no start.
 *
 * @throws {RedisPackageMissing} where ioredis, which is optional, is not installed.
 */
export async function openLimitStore(needs: {
  redisUrl: string | null;
  database: Database;
  clock: Clock;
  log: Logger;
}): Promise<{ store: LimitStore; close(): void }> {
  const { redisUrl, database, clock, log } = needs;
  const insured = (store: LimitStore) =>
    createInsuredLimitStore({ store, insurance: createMemoryLimitStore(), clock, log });
  if (redisUrl === null) return { store: insured(createPostgresLimitStore({ database })), close: () => undefined };
  const client = await openRedis(redisUrl, log);
  return { store: insured(createRedisLimitStore({ client })), close: () => client.disconnect() };
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
