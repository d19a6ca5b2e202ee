import sql, { empty, type Sql } from 'sql-template-tag';
import { type AuditEntry, auditInsert } from '../platform/audit/audit.js';
import type { Database } from '../platform/database/database.js';
import { type NewMail, outboxInsert } from '../platform/mail/outbox.js';
import { type CheckedPassword, isStillChecked } from '../user/password/checked-password.js';
import { profileColumns, type UserProfile } from '../user/user.repository.js';
import type { TokenDelivery } from './refresh-session.repository.js';

/** A session about to begin; its id and salt are made before the first try. */
export interface NewSession {
  id: string;
  salt: Buffer;
  tokenDelivery: TokenDelivery;
  amr: readonly string[];
  now: Date;
  expiresAt: Date;
  absoluteExpiresAt: Date;
  audit: AuditEntry;
}

/** A user as a new session finds them. */
export interface SignedInUser extends UserProfile {
  authEpoch: number;
}

/** Begins sessions. */
export interface SignInRepository {
  /** Begins a session only if the user still is as they were checked; null: they are not. */
  createSession(needs: {
    userId: string;
    checked: CheckedPassword;
    session: NewSession;
    /** A notice to the user; null: none. */
    notice: NewMail | null;
  }): Promise<SignedInUser | null>;
  /** Makes a user and their first session; null: the address is taken. */
  createUserWithSession(needs: {
    userId: string;
    email: string;
    passwordHash: string;
    language: string | null;
    session: NewSession;
    /** By which the address can be verified. */
    mail: NewMail;
  }): Promise<SignedInUser | null>;
}

/** Users and sessions in PostgreSQL; each method is one statement. */
export function createSignInRepository({ database }: { database: Database }): SignInRepository {
  const users = database.table('users');
  const emails = database.table('user_emails');
  return {
    createSession: async ({ userId, checked: password, session, notice }) => {
      const checked = sql`
        SELECT u.id, u.roles, u.auth_epoch, u.created_at FROM ${users} AS u
        WHERE u.id = ${userId} AND ${isStillChecked(password)} AND u.disabled_at IS NULL FOR SHARE`;
      const addressed = sql`(
        SELECT e.email AS address, checked.id AS user_id FROM checked JOIN ${emails} AS e ON e.user_id = checked.id)`;
      const [row] = await database.query<SignedInUser>(sql`
        WITH checked AS MATERIALIZED (${checked}),
        created AS (${sessionInsert({ database, session, source: sql`checked` })}),
        audited AS (${auditInsert({ database, entry: session.audit, source: sql`created` })})
        ${notice === null ? empty : sql`, notified AS (${outboxInsert({ database, mail: notice, source: addressed })})`}
        SELECT ${profileColumns}, u.auth_epoch AS "authEpoch"
        FROM checked AS u JOIN ${emails} AS e ON e.user_id = u.id`);
      return row ?? null;
    },
    createUserWithSession: async ({ userId, email, passwordHash, language, session, mail }) => {
      const { now } = session;
      const addressed = sql`(SELECT ${email}::text AS address, id AS user_id FROM created_user)`;
      const [row] = await database.query<{ ownerId: string }>(sql`
        WITH address AS (
          INSERT INTO ${emails} AS e (email, user_id, verified, created_at)
          VALUES (${email}, ${userId}, false, ${now})
          ON CONFLICT (email) DO UPDATE SET user_id = EXCLUDED.user_id, verified = false,
            created_at = EXCLUDED.created_at, reserved_for = NULL, reserved_until = NULL
          -- Kept for whom it was taken from, until then.
          WHERE e.user_id IS NULL AND e.reserved_until <= ${now}
          RETURNING user_id
        ), created_user AS (
          INSERT INTO ${users} (id, roles, password_hash, auth_epoch, disabled_at, language, created_at)
          SELECT user_id, '{}', ${passwordHash}, 0, NULL, ${language}, ${now}::timestamptz FROM address RETURNING id
        ), created AS (${sessionInsert({ database, session, source: sql`created_user` })}),
        audited AS (${auditInsert({ database, entry: session.audit, source: sql`created` })}),
        mailed AS (${outboxInsert({ database, mail, source: addressed })})
        SELECT id AS "ownerId" FROM created_user
        UNION ALL
        SELECT user_id FROM ${emails} WHERE email = ${email}`);
      // The address is ours: now, or since an earlier try whose answer was lost.
      if (row?.ownerId !== userId) return null;
      return { id: userId, email, emailVerified: false, roles: [], createdAt: now, authEpoch: 0 };
    },
  };
}

/** `source` has one row, the user's, or none: then no session begins. A session that is there already is our own. */
function sessionInsert(needs: { database: Database; session: NewSession; source: Sql }): Sql {
  const { database, session, source } = needs;
  const { id, salt, tokenDelivery, amr, now, expiresAt, absoluteExpiresAt, audit } = session;
  const at = sql`${now}::timestamptz`;
  return sql`
    INSERT INTO ${database.table('refresh_sessions')} (user_id, id, salt, generation, confirmed_generation,
      late_answered_generation, late_answers_in_row, token_delivery, amr, created_at, authenticated_at, rotated_at,
      last_used_at, expires_at, absolute_expires_at, user_agent, ip_address)
    SELECT source.id, ${id}::uuid, ${salt}::bytea, 0, 0, -1, 0, ${tokenDelivery}, ${amr}::text[], ${at}, ${at}, ${at},
      ${at}, ${expiresAt}::timestamptz, ${absoluteExpiresAt}::timestamptz, ${audit.client.userAgent},
      ${audit.client.ipAddress}
    FROM ${source} AS source
    ON CONFLICT (user_id, id) DO NOTHING
    RETURNING user_id, id AS session_id`;
}
