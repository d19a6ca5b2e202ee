import { LRUCache } from 'lru-cache';
import type { AuditTrail, ClientFacts } from '../platform/audit/audit.js';

/** Writes that a genuine refresh token was refused; at most once a minute for one session and cause. */
export type AuditRefusedRefresh = (refusal: {
  userId: string;
  sessionId: string;
  cause: string;
  client: ClientFacts;
}) => Promise<void>;

const ONCE_IN_MS = 60_000;
const SESSIONS_REMEMBERED_MAX = 10_000;

/**
 * Only genuine tokens come to it, so that junk can't fill the trail; and a client that goes on asking with a dead one, as
 * every page load may, does not fill it either.
 */
export function createAuditRefusedRefresh({ audit }: { audit: AuditTrail }): AuditRefusedRefresh {
  const written = new LRUCache<string, true>({ max: SESSIONS_REMEMBERED_MAX, ttl: ONCE_IN_MS });
  return async ({ userId, sessionId, cause, client }) => {
    const key = `${sessionId} ${cause}`;
    if (written.has(key)) return;
    written.set(key, true);
    await audit.record({ kind: 'REFRESH_REFUSED', cause, userId, sessionId, client });
  };
}
