import sql from 'sql-template-tag';
import { type AuditEntry, auditInsert } from '../platform/audit/audit.js';
import type { Database } from '../platform/database/database.js';
import { feedNotice, userChangeInsert } from '../session/revocation/user-change.js';

/** Writes roles, each change with its rows in the feed and the audit trail. */
export interface RoleRepository {
  /** The user's epoch after the change; null: the user has those roles already, or is not there. */
  change(needs: {
    userId: string;
    roles: readonly string[];
    feedId: string;
    audit: AuditEntry;
  }): Promise<number | null>;
}

/** Roles in the table `users`. */
export function createRoleRepository({ database }: { database: Database }): RoleRepository {
  const feed = database.table('auth_changes');
  return {
    change: async ({ userId, roles, feedId, audit }) => {
      // A retry whose first try was committed finds its own row of the feed.
      const [row] = await database.query<{ authEpoch: number }>(sql`
        WITH changed AS (
          UPDATE ${database.table('users')} SET roles = ${roles}::text[], auth_epoch = auth_epoch + 1
          WHERE id = ${userId} AND roles IS DISTINCT FROM ${roles}::text[]
          RETURNING id AS user_id, NULL::uuid AS session_id, auth_epoch
        ), fed AS (${userChangeInsert({ database, feedId, source: sql`changed` })}),
        audited AS (${auditInsert({ database, entry: audit, source: sql`changed` })})
        SELECT auth_epoch AS "authEpoch", ${feedNotice(database)} FROM changed
        UNION ALL
        SELECT auth_epoch, NULL FROM ${feed} WHERE id = ${feedId}::uuid`);
      return row?.authEpoch ?? null;
    },
  };
}
