import { LRUCache } from 'lru-cache';
import sql from 'sql-template-tag';
import type { Identity } from '../graphql/auth-state.js';
import type { Clock } from '../platform/clock.js';
import type { Database } from '../platform/database/database.js';
import type { Logger } from '../platform/logger.js';

/**
 * Remembers which access tokens were seen in use, and writes it down in batches: the first sight of a generation
 * confirms that the answer to its rotation arrived. Never on a request's own path.
 */
export interface SessionActivity {
  /** An access token of this session and generation was shown just now. */
  saw(identity: Pick<Identity, 'userId' | 'sessionId' | 'generation'>): void;
  /** The newest generation seen by this process, perhaps not yet written; -1: none. */
  seenGeneration(sessionId: string): number;
  start(): void;
  /** Writes what is left. */
  stop(): Promise<void>;
}

interface Sight {
  userId: string;
  sessionId: string;
  generation: number;
  at: Date;
}

const FLUSH_EVERY_MS = 1_000;
const BATCH_ROWS_MAX = 500;
const LAST_USED_EVERY_MS = 60_000;
/** Sights that wait while the database is away; past that, the newest are dropped and seen again later. */
const PENDING_MAX = 100_000;
const RECORDED_MAX = 50_000;

/** Activity that is written to the table `refresh_sessions`. */
export function createSessionActivity(needs: { database: Database; clock: Clock; log: Logger }): SessionActivity {
  const { database, clock, log } = needs;
  const pending = new Map<string, Sight>();
  const recorded = new LRUCache<string, Sight>({ max: RECORDED_MAX });
  let timer: NodeJS.Timeout | null = null;
  let flushing: Promise<void> = Promise.resolve();

  const isNews = (sight: Sight): boolean => {
    const known = recorded.get(sight.sessionId);
    if (known === undefined || sight.generation > known.generation) return true;
    return sight.at.getTime() - known.at.getTime() >= LAST_USED_EVERY_MS;
  };
  const noteWritten = (sight: Sight, lastUsedAt: Date) => {
    const { sessionId } = sight;
    const generation = Math.max(sight.generation, recorded.get(sessionId)?.generation ?? -1);
    recorded.set(sessionId, { ...sight, generation, at: lastUsedAt });
    if (pending.get(sessionId) === sight) pending.delete(sessionId);
  };
  const flush = async () => {
    const waiting = [...pending.values()];
    for (let at = 0; at < waiting.length; at += BATCH_ROWS_MAX) {
      const batch = waiting.slice(at, at + BATCH_ROWS_MAX);
      try {
        const rows = await writeBatch({ database, batch });
        // A session that is gone has no row, one that somebody else holds at this moment waits for the next round.
        for (const sight of batch) {
          const row = rows.get(sight.sessionId);
          if (!row?.wasSkipped) noteWritten(sight, row?.lastUsedAt ?? sight.at);
        }
      } catch (error) {
        // Kept for the next round.
        log.warn({ event: 'session_activity_delayed', cause: error instanceof Error ? error.message : null });
        return;
      }
    }
  };
  const schedule = () => {
    timer = setTimeout(() => {
      flushing = flush().finally(() => timer !== null && schedule());
    }, FLUSH_EVERY_MS);
  };

  return {
    saw: ({ userId, sessionId, generation }) => {
      const sight = { userId, sessionId, generation, at: clock.now() };
      const waiting = pending.get(sessionId);
      if (waiting !== undefined ? generation <= waiting.generation : !isNews(sight)) return;
      if (waiting !== undefined || pending.size < PENDING_MAX) pending.set(sessionId, sight);
    },
    seenGeneration: (sessionId) =>
      Math.max(pending.get(sessionId)?.generation ?? -1, recorded.get(sessionId)?.generation ?? -1),
    start: schedule,
    stop: async () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      await flushing;
      await flush();
    },
  };
}

interface WrittenSight {
  id: string;
  /** As it then stands. */
  lastUsedAt: Date;
  wasSkipped: boolean;
}

/**
 * Writes what is news. Rows are locked in the order of their keys, so that two processes never wait for each other in
 * a ring; one that is held by somebody else is skipped, so that it delays no other.
 */
async function writeBatch(needs: { database: Database; batch: readonly Sight[] }): Promise<Map<string, WrittenSight>> {
  const { database, batch } = needs;
  const sessions = database.table('refresh_sessions');
  const column = <Value>(pick: (sight: Sight) => Value) => batch.map(pick);
  const isNews = sql`s.revoked_at IS NULL
    AND (s.confirmed_generation < seen.generation OR s.last_used_at <= seen.at - interval '1 minute')`;
  const rows = await database.query<WrittenSight>(sql`
    WITH seen AS (
      SELECT * FROM unnest(${column(({ userId }) => userId)}::uuid[], ${column(({ sessionId }) => sessionId)}::uuid[],
        ${column(({ generation }) => generation)}::integer[], ${column(({ at }) => at)}::timestamptz[])
        AS w (user_id, id, generation, at)
    ), locked AS (
      SELECT s.user_id, s.id, seen.generation, seen.at
      FROM ${sessions} AS s JOIN seen ON s.user_id = seen.user_id AND s.id = seen.id
      WHERE ${isNews} ORDER BY s.user_id, s.id FOR NO KEY UPDATE OF s SKIP LOCKED
    ), written AS (
      UPDATE ${sessions} AS s
      SET last_used_at = GREATEST(s.last_used_at, locked.at),
        confirmed_generation = CASE WHEN s.generation >= locked.generation
          THEN GREATEST(s.confirmed_generation, locked.generation) ELSE s.confirmed_generation END
      FROM locked WHERE s.user_id = locked.user_id AND s.id = locked.id
      RETURNING s.id, s.last_used_at
    )
    SELECT s.id, COALESCE(written.last_used_at, s.last_used_at) AS "lastUsedAt",
      written.id IS NULL AND ${isNews} AS "wasSkipped"
    FROM seen JOIN ${sessions} AS s ON s.user_id = seen.user_id AND s.id = seen.id
      LEFT JOIN written ON written.id = s.id`);
  return new Map(rows.map((row) => [row.id, row]));
}
