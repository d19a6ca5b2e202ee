import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import sql, { raw } from 'sql-template-tag';
import type { Identity } from '../../graphql/auth-state.js';
import type { Clock } from '../../platform/clock.js';
import type { Database } from '../../platform/database/database.js';
import { HEARTBEAT } from '../../platform/database/heartbeat.js';
import { ServiceUnavailable } from '../../platform/service-unavailable.js';

/** What the database says of a session. */
export type SessionStanding = 'current' | 'session_ended' | 'user_changed';

/**
 * Asks the database about one session, for as long as the revocation feed can't vouch for any: one look-up per
 * session at a time, remembered for a second, on at most half of the pool.
 *
 * @throws {ServiceUnavailable} where there is no answer within half a second.
 */
export type LookUpSession = (identity: Identity) => Promise<SessionStanding>;

const REMEMBER_MS = 1_000;
const ANSWER_WITHIN_MS = 500;
const SESSIONS_REMEMBERED_MAX = 10_000;

interface SessionFacts {
  isLive: boolean;
  authEpoch: number;
  isKeyRevoked: boolean;
}

/** A look-up in the tables `refresh_sessions` and `users`. */
export function createLookUpSession(needs: { database: Database; clock: Clock; poolMax: number }): LookUpSession {
  const { database, clock, poolMax } = needs;
  const limit = pLimit(Math.max(1, Math.floor(poolMax / 2)));
  const facts = new LRUCache<string, SessionFacts, { identity: Identity }>({
    max: SESSIONS_REMEMBERED_MAX,
    ttl: REMEMBER_MS,
    fetchMethod: (_key, _stale, { context: { identity } }) => {
      const askedMs = clock.monotonicMs();
      return limit(() => {
        // Nobody waits for it any more: after an outage, what has piled up must not take the pool.
        if (clock.monotonicMs() - askedMs > ANSWER_WITHIN_MS) throw unknown();
        return readFacts({ database, clock, identity });
      });
    },
  });
  return async (identity) => {
    const key = `${identity.userId} ${identity.sessionId} ${identity.keyId}`;
    const known = await within(ANSWER_WITHIN_MS, facts.fetch(key, { context: { identity } }));
    // An aborted look-up has found out nothing.
    if (known === undefined) throw unknown();
    if (!known.isLive) return 'session_ended';
    // A token of a key that was revoked meanwhile, too: the client refreshes.
    return known.isKeyRevoked || identity.authEpoch < known.authEpoch ? 'user_changed' : 'current';
  };
}

async function readFacts({ database, clock, identity }: { database: Database; clock: Clock; identity: Identity }) {
  const [row] = await database.query<SessionFacts>(sql`
    SELECT u.id IS NOT NULL AND s.revoked_at IS NULL AND s.expires_at > ${clock.now()} AND u.disabled_at IS NULL
        AS "isLive",
      COALESCE(u.auth_epoch, 0) AS "authEpoch",
      EXISTS (SELECT FROM ${database.table('signing_keys')} AS k
        WHERE k.kid = ${identity.keyId ?? null} AND k.revoked_at IS NOT NULL) AS "isKeyRevoked"
    FROM (SELECT ${raw(HEARTBEAT)}) AS here
      LEFT JOIN ${database.table('refresh_sessions')} AS s
        ON s.user_id = ${identity.userId} AND s.id = ${identity.sessionId}
      LEFT JOIN ${database.table('users')} AS u ON u.id = s.user_id`);
  if (row === undefined) throw new Error('a look-up always has an answer');
  return row;
}

function unknown(): ServiceUnavailable {
  return new ServiceUnavailable('REVOCATIONS_UNKNOWN', 1);
}

async function within<Value>(milliseconds: number, answer: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unknown()), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } catch {
    // Away, slow or full: what can't be told must be neither let in nor logged out.
    throw unknown();
  } finally {
    clearTimeout(timer);
    answer.catch(() => undefined);
  }
}
