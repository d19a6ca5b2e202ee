import sql from 'sql-template-tag';
import { type AuditEntry, auditInsert } from '../platform/audit/audit.js';
import type { Database } from '../platform/database/database.js';
import { type CheckedPassword, isStillChecked } from '../user/password/checked-password.js';
import { profileColumns, type UserProfile } from '../user/user.repository.js';
import type { ListedSession } from './refresh-session.repository.js';

/** A session whose sign-in has just been made recent, and its user. */
export interface FreshenedSession {
  session: ListedSession & { generation: number; amr: readonly string[]; authenticatedAt: Date };
  user: UserProfile;
  authEpoch: number;
}

/** Makes sign-ins recent. */
export interface ReauthenticationRepository {
  /** Only if the user still is as they were checked, and the session lives. */
  freshen(needs: {
    userId: string;
    sessionId: string;
    checked: CheckedPassword;
    now: Date;
    audit: AuditEntry;
  }): Promise<FreshenedSession | 'credential_changed' | 'session_ended'>;
}

type Row = UserProfile & { authEpoch: number; sessionId: string | null } & {
  [Column in Exclude<keyof FreshenedSession['session'], 'id' | 'createdAt'> | 'beganAt']: unknown;
};

/** In the table `refresh_sessions`, by one statement; the column is in no index, so the row is updated in place. */
export function createReauthenticationRepository(needs: { database: Database }): ReauthenticationRepository {
  const { database } = needs;
  const users = database.table('users');
  const emails = database.table('user_emails');
  return {
    freshen: async ({ userId, sessionId, checked, now, audit }) => {
      const [row] = await database.query<Row>(sql`
        WITH checked AS MATERIALIZED (
          SELECT u.id, u.roles, u.auth_epoch, u.created_at FROM ${users} AS u
          WHERE u.id = ${userId} AND ${isStillChecked(checked)} AND u.disabled_at IS NULL FOR SHARE
        ), freshened AS (
          UPDATE ${database.table('refresh_sessions')} AS s
          SET authenticated_at = GREATEST(s.authenticated_at, ${now}::timestamptz)
          FROM checked WHERE s.user_id = ${userId} AND s.user_id = checked.id AND s.id = ${sessionId}
            AND s.revoked_at IS NULL AND s.expires_at > ${now}
          RETURNING s.user_id, s.id AS session_id, s.generation, s.amr, s.authenticated_at, s.created_at AS began_at,
            s.last_used_at, s.expires_at, s.user_agent, s.ip_address
        ), audited AS (${auditInsert({ database, entry: audit, source: sql`freshened` })})
        SELECT ${profileColumns}, u.auth_epoch AS "authEpoch", s.session_id AS "sessionId", s.generation, s.amr,
          s.authenticated_at AS "authenticatedAt", s.began_at AS "beganAt", s.last_used_at AS "lastUsedAt",
          s.expires_at AS "expiresAt", s.user_agent AS "userAgent", s.ip_address AS "ipAddress"
        FROM checked AS u JOIN ${emails} AS e ON e.user_id = u.id LEFT JOIN freshened AS s ON true`);
      if (row === undefined) return 'credential_changed';
      return row.sessionId === null ? 'session_ended' : toFreshened(row);
    },
  };
}

function toFreshened(row: Row): FreshenedSession {
  const { id, email, emailVerified, roles, createdAt, authEpoch, sessionId, beganAt, ...session } = row;
  return {
    session: { ...session, id: sessionId, createdAt: beganAt } as FreshenedSession['session'],
    user: { id, email, emailVerified, roles, createdAt },
    authEpoch,
  };
}
