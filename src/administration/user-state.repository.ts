import sql, { type Sql } from 'sql-template-tag';
import { type AuditEntry, auditInsert } from '../platform/audit/audit.js';
import type { Database } from '../platform/database/database.js';
import { feedChannel } from '../session/revocation/ending.js';
import type { EndingRepository } from '../session/revocation/ending.repository.js';

/** A user as an operator sees them. */
export interface AdministeredUser {
  id: string;
  email: string;
  emailVerified: boolean;
  roles: string[];
  hasPassword: boolean;
  createdAt: Date;
  /** null: they may sign in. */
  disabledAt: Date | null;
}

/** A change of whether somebody may sign in; its ids are made before the first try. */
export interface StateChange {
  userId: string;
  feedId: string;
  audit: AuditEntry;
}

/** What a {@link StateChange} came to. */
export interface ChangedState {
  /** The user's epoch after it; null: they were so already. */
  authEpoch: number | null;
  endedSessions: number;
}

/** Finds and makes users, and lets them sign in or not; each change with its rows in the feed and the audit trail. */
export interface UserStateRepository {
  find(key: { userId: string } | { email: string }): Promise<AdministeredUser | null>;
  /** false: the address is taken. */
  create(needs: { userId: string; email: string; passwordHash: string | null; audit: AuditEntry }): Promise<boolean>;
  /** Ends all sessions of the user, whether they were disabled before or not; null: there is no such user. */
  disable(change: StateChange): Promise<ChangedState | null>;
  /** Ends all sessions that a disabled user has left, so that none comes back to life; null: there is no such user. */
  enable(change: StateChange): Promise<ChangedState | null>;
}

/** Users in the tables `users` and `user_emails`. */
export function createUserStateRepository(needs: {
  database: Database;
  endings: EndingRepository;
}): UserStateRepository {
  const { database, endings } = needs;
  const users = database.table('users');
  const emails = database.table('user_emails');
  const feed = database.table('auth_changes');

  const setDisabled = async (disabledAt: Date | null, { userId, feedId, audit }: StateChange) => {
    // A retry whose first try was committed finds its own row of the feed.
    const statement: Sql = sql`
      WITH found AS (SELECT id FROM ${users} WHERE id = ${userId}),
      changed AS (
        UPDATE ${users} AS u SET disabled_at = ${disabledAt}::timestamptz, auth_epoch = u.auth_epoch + 1
        FROM found WHERE u.id = found.id AND (u.disabled_at IS NULL) <> (${disabledAt}::timestamptz IS NULL)
        RETURNING u.id AS user_id, NULL::uuid AS session_id, u.auth_epoch
      ), fed AS (
        INSERT INTO ${feed} (id, user_id, session_id, auth_epoch, at)
        SELECT ${feedId}::uuid, user_id, NULL, auth_epoch, clock_timestamp() FROM changed
      ), audited AS (${auditInsert({ database, entry: audit, source: sql`changed` })})
      SELECT COALESCE(changed.auth_epoch, own.auth_epoch) AS "authEpoch", pg_notify(${feedChannel(database.schema)}, '')
      FROM found LEFT JOIN changed ON true LEFT JOIN ${feed} AS own ON own.id = ${feedId}::uuid`;
    let isThere = false;
    const done = await endings.endAllWith({
      userId,
      exceptSessionId: null,
      cause: 'DISABLED',
      client: audit.client,
      change: async ({ query }) => {
        const [row] = await query<{ authEpoch: number | null }>(statement);
        isThere = row !== undefined;
        // Whoever was not disabled goes on as they are; whoever was may have sessions that nobody ended.
        return row === undefined || (disabledAt === null && row.authEpoch === null) ? null : row;
      },
    });
    if (done !== null) return { authEpoch: done.change.authEpoch, endedSessions: done.endedSessions };
    return isThere ? { authEpoch: null, endedSessions: 0 } : null;
  };

  return {
    find: async (key) => {
      const condition = 'userId' in key ? sql`u.id = ${key.userId}` : sql`e.email = ${key.email}`;
      const [row] = await database.query<AdministeredUser>(sql`
        SELECT u.id, e.email, e.verified AS "emailVerified", u.roles, u.password_hash IS NOT NULL AS "hasPassword",
          u.created_at AS "createdAt", u.disabled_at AS "disabledAt"
        FROM ${users} AS u JOIN ${emails} AS e ON e.user_id = u.id WHERE ${condition}`);
      return row ?? null;
    },
    create: async ({ userId, email, passwordHash, audit }) => {
      const now = sql`${audit.at}::timestamptz`;
      const [row] = await database.query<{ ownerId: string }>(sql`
        WITH address AS (
          INSERT INTO ${emails} AS e (email, user_id, verified, created_at) VALUES (${email}, ${userId}, false, ${now})
          ON CONFLICT (email) DO UPDATE SET user_id = EXCLUDED.user_id, verified = false,
            created_at = EXCLUDED.created_at, reserved_for = NULL, reserved_until = NULL
          -- Kept for whom it was taken from, until then.
          WHERE e.user_id IS NULL AND e.reserved_until <= ${now}
          RETURNING user_id
        ), created AS (
          INSERT INTO ${users} (id, roles, password_hash, auth_epoch, disabled_at, created_at)
          SELECT user_id, '{}', ${passwordHash}, 0, NULL, ${now} FROM address
          RETURNING id AS user_id, NULL::uuid AS session_id
        ), audited AS (${auditInsert({ database, entry: audit, source: sql`created` })})
        SELECT user_id AS "ownerId" FROM created
        UNION ALL
        SELECT user_id FROM ${emails} WHERE email = ${email}`);
      // The address is ours: now, or since an earlier try whose answer was lost.
      return row?.ownerId === userId;
    },
    disable: (change) => setDisabled(change.audit.at, change),
    enable: (change) => setDisabled(null, change),
  };
}
