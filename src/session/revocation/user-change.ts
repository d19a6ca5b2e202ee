import sql, { type Sql } from 'sql-template-tag';
import type { Database } from '../../platform/database/database.js';
import { feedChannel } from './ending.js';

/**
 * An INSERT to stand in a WITH: it tells every process that the users in `source` (columns `user_id`, `auth_epoch`) have
 * changed, so that none shows their profiles as they were. Where `auth_epoch` has grown, it also makes their access
 * tokens be refreshed; what no token carries, such as an address, changes without that.
 *
 * `feedId` is made before the first try: a retry finds its own row by it.
 */
export function userChangeInsert(needs: { database: Database; feedId: string; source: Sql }): Sql {
  const { database, feedId, source } = needs;
  return sql`
    INSERT INTO ${database.table('auth_changes')} (id, user_id, session_id, auth_epoch, at)
    SELECT ${feedId}::uuid, source.user_id, NULL, source.auth_epoch, clock_timestamp() FROM ${source} AS source
    ON CONFLICT DO NOTHING`;
}

/** Those of `changed` (column `user_id`) with the epoch that they have and keep: for {@link userChangeInsert}. */
export function withEpoch({ database, changed }: { database: Database; changed: Sql }): Sql {
  return sql`(SELECT u.id AS user_id, u.auth_epoch FROM ${changed} AS changed
    JOIN ${database.table('users')} AS u ON u.id = changed.user_id)`;
}

/** A column to stand in the SELECT of such a statement: it wakes the other processes once the change is committed. */
export function feedNotice(database: Database): Sql {
  return sql`pg_notify(${feedChannel(database.schema)}, '')`;
}
