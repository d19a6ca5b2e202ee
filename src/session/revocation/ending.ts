import sql, { empty, type Sql } from 'sql-template-tag';
import { type Asker, type AuditKind, auditInsert } from '../../platform/audit/audit.js';
import type { Database } from '../../platform/database/database.js';
import { type NewMail, outboxInsert } from '../../platform/mail/outbox.js';
import type { Random } from '../../platform/random.js';
import type { RefreshEndCause } from '../verdict.js';

/** Why a session was ended; kept in its row and in the audit trail. */
export type EndCause =
  | RefreshEndCause
  | 'LOGOUT'
  | 'ENDED_BY_USER'
  | 'OTHERS_ENDED_BY_USER'
  | 'LOGOUT_EVERYWHERE'
  | 'SESSION_LIMIT'
  | 'PASSWORD_RESET'
  | 'PASSWORD_CHANGED'
  | 'EMAIL_CHANGE_UNDONE'
  | 'ACCOUNT_DELETED'
  /** The database had lost an end that a process still knew of. */
  | 'DATABASE_WENT_BACK'
  | 'DISABLED'
  | 'ENDED_BY_OPERATOR'
  /** A sign-in in the same browser took its place. */
  | 'LOGIN_REPLACED';

/** One session to be ended. Its ids are made before the first try, so that a retry knows its own. */
export interface EndingIds {
  sessionId: string;
  feedId: string;
  auditId: string;
}

/** Ends of sessions of one user, ready to be written. */
export interface Ending {
  userId: string;
  ids: readonly EndingIds[];
  cause: EndCause;
  at: Date;
  client: Asker;
  /** A notice to the user, where one session is ended. */
  notice?: NewMail | undefined;
}

/** The ids under which the end of a session is to be written. */
export function newEndingIds({ sessionId, random }: { sessionId: string; random: Random }): EndingIds {
  return { sessionId, feedId: random.id(), auditId: random.id() };
}

/** The channel on which a new row of the feed is announced. */
export function feedChannel(schema: string): string {
  return `${schema}_auth_changes`;
}

/** A session that an {@link endingStatement} ended, now or at an earlier try whose answer was lost. */
export interface EndedSession {
  sessionId: string;
  /** false: it had expired already. */
  wasLive: boolean;
}

/**
 * One statement that ends those of the sessions that are not revoked and meet `condition` (on `s`), and with them
 * writes the feed and the audit trail. It answers a row of {@link EndedSession} for each.
 */
export function endingStatement(needs: { database: Database; ending: Ending; condition?: Sql }): Sql {
  const { database, ending, condition = sql`true` } = needs;
  const feed = database.table('auth_changes');
  const { userId, ids, cause, at, client, notice } = ending;
  const sessionIds = ids.map(({ sessionId }) => sessionId);
  const feedIds = ids.map(({ feedId }) => feedId);
  const auditIds = ids.map(({ auditId }) => auditId);
  const kind: AuditKind = 'SESSION_ENDED';
  const addressed = sql`(
    SELECT e.email AS address, ended.user_id FROM ended JOIN ${database.table('user_emails')} AS e USING (user_id))`;
  const entry = { id: '', at, kind, cause, client };
  return sql`
    WITH ended AS (
      UPDATE ${database.table('refresh_sessions')} AS s SET revoked_at = ${at}, end_cause = ${cause}
      FROM unnest(${sessionIds}::uuid[], ${feedIds}::uuid[], ${auditIds}::uuid[]) AS w (id, feed_id, audit_id)
      WHERE s.user_id = ${userId} AND s.id = w.id AND s.revoked_at IS NULL AND ${condition}
      RETURNING s.user_id, s.id AS session_id, w.feed_id, w.audit_id, s.expires_at > ${at} AS was_live
    ), fed AS (
      INSERT INTO ${feed} (id, user_id, session_id, auth_epoch, at)
      SELECT feed_id, user_id, session_id, NULL, clock_timestamp() FROM ended
    ), audited AS (${auditInsert({ database, entry, source: sql`ended`, idColumn: sql`source.audit_id` })})
    ${notice === undefined ? empty : sql`, notified AS (${outboxInsert({ database, mail: notice, source: addressed })})`}
    SELECT session_id AS "sessionId", was_live AS "wasLive", pg_notify(${feedChannel(database.schema)}, '') FROM ended
    UNION ALL
    SELECT session_id, true, NULL FROM ${feed} WHERE id = ANY(${feedIds}::uuid[])`;
}
