import sql, { type Sql } from 'sql-template-tag';
import type { Asker, ClientFacts } from '../../platform/audit/audit.js';
import type { Clock } from '../../platform/clock.js';
import type { Database, Statements } from '../../platform/database/database.js';
import { eventDetails } from '../../platform/mail/event-details.js';
import type { MailWake } from '../../platform/mail/mail-wake.js';
import { type Metrics, noMetrics } from '../../platform/metrics/metrics.js';
import type { Random } from '../../platform/random.js';
import { type EndCause, type EndedSession, type EndingIds, endingStatement, newEndingIds } from './ending.js';
import type { RevocationList } from './revocation-list.js';

/** Ends sessions, each with its rows in the feed and the audit trail; this process refuses them at once. */
export interface EndingRepository {
  /** false: it was no live session of the user's. */
  end(needs: { userId: string; sessionId: string; cause: EndCause; client: Asker }): Promise<boolean>;
  /** Ends the session only if it still is of the generation that was judged; false: it has changed. */
  endJudged(needs: {
    userId: string;
    sessionId: string;
    generation: number;
    cause: EndCause;
    client: ClientFacts;
  }): Promise<boolean>;
  /** Ends all of a user's sessions but `exceptSessionId`; answers how many lived. */
  endAll(needs: { userId: string; exceptSessionId: string | null; cause: EndCause; client: Asker }): Promise<number>;
  /**
   * Carries a change of the user out and ends all of their sessions but `exceptSessionId`, in one transaction in which
   * the user's row is locked first. null: `change` answered null, and nothing ended. Both may run more than once.
   */
  endAllWith<Change>(needs: {
    userId: string;
    exceptSessionId: string | null;
    cause: EndCause;
    client: Asker;
    change: (statements: Statements) => Promise<Change | null>;
    /** What follows on the ends. */
    afterwards?: (statements: Statements) => Promise<unknown>;
  }): Promise<{ change: Change; endedSessions: number } | null>;
  /** Ends the least recently used sessions over the limit. */
  endBeyondLimit(needs: { userId: string; newestSessionId: string; limit: number; client: ClientFacts }): Promise<void>;
}

interface Needs {
  database: Database;
  clock: Clock;
  random: Random;
  revocations: RevocationList;
  mailWake: MailWake;
  metrics?: Pick<Metrics, 'sessionsEnded'>;
}

/** Endings in PostgreSQL. */
export function createEndingRepository(needs: Needs): EndingRepository {
  const { database, clock, random, revocations, mailWake, metrics = noMetrics } = needs;
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
  const endChosen = async <Change = true>(needs: {
    userId: string;
    choice: Sql;
    cause: EndCause;
    client: Asker;
    change?: (statements: Statements) => Promise<Change | null>;
    afterwards?: ((statements: Statements) => Promise<unknown>) | undefined;
  }): Promise<{ ended: EndedSession[]; change: Change | null }> => {
    const { choice, change = async () => null, afterwards, ...facts } = needs;
    // Kept over retries: one whose first try was committed, its answer lost, finds its own rows by them.
    const ids = new Map<string, EndingIds>();
    const done = await database.transaction(async (statements) => {
      const { query } = statements;
      // The user's row first, the sessions in a later statement: its snapshot then sees every login that was let
      // in before, and a login that comes after finds the row locked.
      await query(sql`SELECT FROM ${users} WHERE id = ${facts.userId} FOR UPDATE`);
      const changed = await change(statements);
      if (needs.change !== undefined && changed === null) return { ended: [], change: null };
      for (const { id } of await query<{ id: string }>(choice)) {
        if (!ids.has(id)) ids.set(id, newEndingIds({ sessionId: id, random }));
      }
      const ending = { ...facts, at: clock.now(), ids: [...ids.values()] };
      const ended = await query<EndedSession>(endingStatement({ database, ending }));
      await afterwards?.(statements);
      return { ended, change: changed };
    });
    noted(done.ended, facts.cause);
    return done;
  };
  // Locked in the order of their keys, as everywhere: two transactions never wait for each other in a ring.
  const allBut = (userId: string, exceptSessionId: string | null) => sql`
    SELECT id FROM ${sessions}
    WHERE user_id = ${userId} AND revoked_at IS NULL AND id IS DISTINCT FROM ${exceptSessionId}::uuid
    ORDER BY id FOR NO KEY UPDATE`;
  const countLive = (ended: EndedSession[]) => ended.filter(({ wasLive }) => wasLive).length;

  return {
    end,
    endJudged: async ({ sessionId, generation, ...needs }) => {
      const at = clock.now();
      // A lost answer that comes too late is nobody's theft, as far as anybody can tell.
      const isStolen = needs.cause === 'REUSE';
      const details = eventDetails({ at, client: needs.client });
      const notice = { id: random.id(), kind: 'REFRESH_TOKEN_REUSED' as const, at, language: null, details };
      const ending = {
        ...needs,
        at,
        ids: [newEndingIds({ sessionId, random })],
        notice: isStolen ? notice : undefined,
      };
      const condition = sql`s.generation = ${generation}`;
      const ended = await database.query<EndedSession>(endingStatement({ database, ending, condition }));
      if (isStolen) mailWake.wake();
      return noted(ended, needs.cause).length > 0;
    },
    endAll: async ({ exceptSessionId, ...needs }) => {
      const { ended } = await endChosen({ ...needs, choice: allBut(needs.userId, exceptSessionId) });
      return countLive(ended);
    },
    endAllWith: async ({ exceptSessionId, ...needs }) => {
      const { ended, change } = await endChosen({ ...needs, choice: allBut(needs.userId, exceptSessionId) });
      return change === null ? null : { change, endedSessions: countLive(ended) };
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
