import sql, { type Sql } from 'sql-template-tag';
import type { Database } from '../platform/database/database.js';

/** What is deleted: rows of a table, by its key, that a condition holds for. */
interface Purge {
  table: string;
  key: Sql;
  isOver: (now: Date) => Sql;
}

/** How a batch went; `busy`: another process has this moment's turn. */
export type BatchOutcome = { kind: 'deleted'; rows: number } | { kind: 'busy' };

/** Deletes what is over. */
export interface HousekeepingRepository {
  /** The tables that have something to delete now and then. */
  readonly tables: readonly string[];
  /** Deletes a batch of a table's rows, in one short statement. */
  deleteBatch(needs: { table: string; rowsMax: number; now: Date }): Promise<BatchOutcome>;
}

/** Processes remember an end for 3,665 s, and one that starts reads as far back; by the database's clock, as it is stamped. */
const FEED_KEPT = '2 hours';
/** Long enough for a look at what was sent, and for notices that go out once a day. */
const SENT_MAIL_KEPT_DAYS = 7;
const DAY_SECONDS = 86_400;

const before = (now: Date, seconds: number) => new Date(now.getTime() - seconds * 1000);

function purges({ auditRetentionDays }: { auditRetentionDays: number }): Purge[] {
  const purgesAlways: Purge[] = [
    { table: 'refresh_sessions', key: sql`user_id, id`, isOver: (now) => sql`absolute_expires_at <= ${now}` },
    { table: 'limit_counters', key: sql`hash`, isOver: (now) => sql`expires_at <= ${now}` },
    { table: 'account_tokens', key: sql`token_hash`, isOver: (now) => sql`expires_at <= ${now}` },
    { table: 'pending_registrations', key: sql`user_id`, isOver: (now) => sql`expires_at <= ${now}` },
    {
      table: 'user_emails',
      key: sql`email`,
      // Of somebody's own address both are null; there is a small index of those that are kept for somebody.
      isOver: (now) => sql`reserved_for IS NOT NULL AND reserved_until <= ${now}`,
    },
    { table: 'auth_changes', key: sql`id`, isOver: () => sql`at < clock_timestamp() - ${FEED_KEPT}::interval` },
    {
      table: 'mail_outbox',
      key: sql`id`,
      isOver: (now) => sql`done_at < ${before(now, SENT_MAIL_KEPT_DAYS * DAY_SECONDS)}`,
    },
  ];
  if (auditRetentionDays === 0) return purgesAlways;
  const isOver = (now: Date) => sql`at < ${before(now, auditRetentionDays * DAY_SECONDS)}`;
  return [...purgesAlways, { table: 'audit_events', key: sql`user_id, id`, isOver }];
}

/**
 * Batches under a lock that lasts as long as the statement: one process at a time deletes, also behind a pooler, and no
 * transaction grows long.
 */
export function createHousekeepingRepository(needs: {
  database: Database;
  auditRetentionDays: number;
}): HousekeepingRepository {
  const { database } = needs;
  const byTable = new Map(purges(needs).map((purge) => [purge.table, purge]));
  return {
    tables: [...byTable.keys()],
    deleteBatch: async ({ table: name, rowsMax, now }) => {
      const purge = byTable.get(name);
      if (purge === undefined) throw new Error(`nothing is deleted from ${name}`);
      const { key, isOver } = purge;
      const table = database.table(name);
      const lock = sql`pg_try_advisory_xact_lock(hashtextextended(${`${database.schema} housekeeping`}, 0))`;
      const [row] = await database.query<{ isOurTurn: boolean; rows: number }>(sql`
        WITH turn AS MATERIALIZED (SELECT ${lock} AS is_ours),
        over AS MATERIALIZED (
          SELECT ${key} FROM ${table} WHERE (SELECT is_ours FROM turn) AND ${isOver(now)} LIMIT ${rowsMax}
        ),
        deleted AS (DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM over) AND ${isOver(now)} RETURNING 1)
        SELECT (SELECT is_ours FROM turn) AS "isOurTurn", (SELECT count(*) FROM deleted)::integer AS rows`);
      return row?.isOurTurn === true ? { kind: 'deleted', rows: row.rows } : { kind: 'busy' };
    },
  };
}
