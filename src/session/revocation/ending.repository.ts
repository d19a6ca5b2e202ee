import sql, { type Sql } from 'sql-template-tag';
import type { ClientFacts } from '../../platform/audit/audit.js';
import type { Clock } from '../../platform/clock.js';
import type { Database } from '../../platform/database/database.js';
import { type Metrics, noMetrics } from '../../platform/metrics/metrics.js';
import type { Random } from '../../platform/random.js';
import { type EndCause, type EndedSession, type EndingIds, endingStatement, newEndingIds } from './ending.js';
import type { RevocationList } from './revocation-list.js';

/** Ends sessions, each with its rows in the feed and the audit trail; this process refuses them at once. */
export interface EndingRepository {
  /** false: it was no live session of the user's. */
  end(needs: { userId: string; sessionId: string; cause: EndCause; client: ClientFacts }): Promise<boolean>;
  /** Ends the session only if it still is of the generation that was judged; false: it has changed. */
  endJudged(needs: {
    userId: string;
    sessionId: string;
    generation: number;
    cause: EndCause;
    client: ClientFacts;
  }): Promise<boolean>;
  /** Ends all of a user's sessions but `exceptSessionId`; answers how many lived. */
  endAll(needs: {
    userId: string;
    exceptSessionId: string | null;
    cause: EndCause;
    client: ClientFacts;
  }): Promise<number>;
  /** Ends the least recently used sessions over the limit. */
  endBeyondLimit(needs: { userId: string; newestSessionId: string; limit: number; client: ClientFacts }): Promise<void>;
}

interface Needs {
  database: Database;
  clock: Clock;
  random: Random;
  revocations: RevocationList;
  metrics?: Pick<Metrics, 'sessionsEnded'>;
}

/** Endings in PostgreSQL. */
export function createEndingRepository(needs: Needs): EndingRepository {
  const { database, clock, random, revocations, metrics = noMetrics } = needs;
  const sessions = database.table('refresh_sessions');
  const users = database.table('users');

  /** Ended here is refused here at once; the other processes learn it from the feed. */
  const noted = (ended: EndedSession[], cause: EndCause): EndedSession[] => {
    for (const { sessionId } of ended) revocations.noteEnded(sessionId);
    if (ended.length > 0) metrics.sessionsEnded(cause, ended.length);
    return ended;
  };

  const end: EndingRepository['end'] = async ({ sessionId, ...needs }) => {
    const ending = { ...needs, at: clock.now(), ids: [newEndingIds({ sessionId, random })] };
    const [ended] = noted(await database.query<EndedSession>(endingStatement({ database, ending })), needs.cause);
    return ended?.wasLive ?? false;
  };

  /** Ends those of a user's sessions that `choice` names, one such transaction of a user after the other. */
  const endChosen = async (needs: {
    userId: string;
    choice: Sql;
    cause: EndCause;
    client: ClientFacts;
  }): Promise<EndedSession[]> => {
    const { choice, ...facts } = needs;
    // Kept over retries: one whose first try was committed, its answer lost, finds its own rows by them.
    const ids = new Map<string, EndingIds>();
    const ended = await database.transaction(async ({ query }) => {
      // The user's row first, the sessions in a later statement: its snapshot then sees every login that was let
      // in before, and a login that comes after finds the row locked.
      await query(sql`SELECT FROM ${users} WHERE id = ${facts.userId} FOR UPDATE`);
      for (const { id } of await query<{ id: string }>(choice)) {
        if (!ids.has(id)) ids.set(id, newEndingIds({ sessionId: id, random }));
      }
      const ending = { ...facts, at: clock.now(), ids: [...ids.values()] };
      return query<EndedSession>(endingStatement({ database, ending }));
    });
    return noted(ended, facts.cause);
  };

  return {
    end,
    endJudged: async ({ sessionId, generation, ...needs }) => {
      const ending = { ...needs, at: clock.now(), ids: [newEndingIds({ sessionId, random })] };
      const condition = sql`s.generation = ${generation}`;
      const ended = await database.query<EndedSession>(endingStatement({ database, ending, condition }));
      return noted(ended, needs.cause).length > 0;
    },
    endAll: async ({ exceptSessionId, ...needs }) => {
      // Locked in the order of their keys, as everywhere: two transactions never wait for each other in a ring.
      const ended = await endChosen({
        ...needs,
        choice: sql`
          SELECT id FROM ${sessions}
          WHERE user_id = ${needs.userId} AND revoked_at IS NULL AND id IS DISTINCT FROM ${exceptSessionId}::uuid
          ORDER BY id FOR NO KEY UPDATE`,
      });
      return ended.filter(({ wasLive }) => wasLive).length;
    },
    endBeyondLimit: async ({ newestSessionId, limit, ...needs }) => {
      const live = sql`user_id = ${needs.userId} AND revoked_at IS NULL AND expires_at > ${clock.now()}`;
      // Another login at the same moment may have ended the newest already: then it has kept to the limit itself.
      const choice = sql`
        SELECT id FROM ${sessions}
        WHERE ${live} AND id <> ${newestSessionId}
          AND EXISTS (SELECT FROM ${sessions} WHERE ${live} AND id = ${newestSessionId})
        ORDER BY last_used_at DESC, id DESC OFFSET ${limit - 1}`;
      // Nearly every login is within the limit and locks nothing.
      if ((await database.query(choice)).length > 0) await endChosen({ ...needs, choice, cause: 'SESSION_LIMIT' });
    },
  };
}
