import sql, { type Sql } from 'sql-template-tag';
import { type AuditEntry, auditInsert, type ClientFacts } from '../platform/audit/audit.js';
import { addSeconds } from '../platform/clock.js';
import type { Database } from '../platform/database/database.js';
import type { Allowance } from '../platform/limits/limit.js';
import type { UserProfile } from '../user/user.repository.js';
import type { CountedRefreshes } from './refresh-allowance.js';
import type { SessionState } from './verdict.js';

/** How a refresh token travels. */
export type TokenDelivery = 'BODY' | 'COOKIE';

/** A session and its user as a refresh reads them, in one look. */
export interface RefreshableSession extends SessionState, CountedRefreshes {
  userId: string;
  id: string;
  salt: Buffer;
  tokenDelivery: TokenDelivery;
  amr: string[];
  authEpoch: number;
  createdAt: Date;
  authenticatedAt: Date;
  lastUsedAt: Date;
  absoluteExpiresAt: Date;
  userAgent: string | null;
  ipAddress: string | null;
  user: UserProfile;
}

/** A session as its list shows it. */
export interface ListedSession {
  id: string;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  userAgent: string | null;
  ipAddress: string | null;
}

/**
 * Rotates sessions; each method is one statement that repeats all that the verdict relied on, and counts the refresh in the
 * row that it changes.
 */
export interface RefreshSessionRepository {
  find(key: { userId: string; sessionId: string }): Promise<RefreshableSession | null>;
  listLive(needs: { userId: string; now: Date }): Promise<ListedSession[]>;
  /** false: the session has changed since it was read. */
  rotate(step: RotationStep): Promise<boolean>;
  /** Like {@link rotate}, from a generation that the database has lost. */
  catchUp(step: RotationStep & { presented: number; audit: AuditEntry }): Promise<boolean>;
  /** Counts that the current generation was handed out once more; false: the session has changed since it was read. */
  countLateAnswer(step: { session: RefreshableSession; inRow: number; now: Date }): Promise<boolean>;
  /** Counts a refresh that changes nothing else; false: the session has changed since it was read. */
  countRefresh(step: { session: RefreshableSession; now: Date }): Promise<boolean>;
}

/** A session as it was read, and what a rotation sets. */
export interface RotationStep {
  session: RefreshableSession;
  now: Date;
  expiresAt: Date;
  client: ClientFacts;
}

const sessionColumns = sql`s.user_id AS "userId", s.id, s.salt, s.generation,
  s.confirmed_generation AS "confirmedGeneration", s.late_answered_generation AS "lateAnsweredGeneration",
  s.late_answers_in_row AS "lateAnswersInRow", s.token_delivery AS "tokenDelivery", s.amr,
  s.created_at AS "createdAt", s.authenticated_at AS "authenticatedAt", s.rotated_at AS "rotatedAt",
  s.last_used_at AS "lastUsedAt", s.expires_at AS "expiresAt", s.absolute_expires_at AS "absoluteExpiresAt",
  s.refreshes_counted_from AS "refreshesCountedFrom", s.refreshes_counted AS "refreshesCounted",
  s.revoked_at AS "revokedAt", s.user_agent AS "userAgent", s.ip_address AS "ipAddress"`;

interface SessionRow extends Omit<RefreshableSession, 'user'> {
  email: string;
  emailVerified: boolean;
  roles: string[];
  userCreatedAt: Date;
}

/** Sessions in the table `refresh_sessions`; none is refreshed more often than `allowance` says. */
export function createRefreshSessionRepository(needs: {
  database: Database;
  allowance: Allowance;
}): RefreshSessionRepository {
  const { database, allowance } = needs;
  const sessions = database.table('refresh_sessions');
  const users = database.table('users');
  const emails = database.table('user_emails');
  const took = async (statement: Sql) => (await database.query(statement)).length > 0;

  /** The window of counted refreshes runs: it began after this. */
  const windowOpen = (now: Date) => sql`refreshes_counted_from > ${addSeconds(now, -allowance.seconds)}::timestamptz`;
  const counting = (now: Date) => sql`
    refreshes_counted = CASE WHEN ${windowOpen(now)} THEN refreshes_counted + 1 ELSE 1 END,
    refreshes_counted_from = CASE WHEN ${windowOpen(now)} THEN refreshes_counted_from ELSE ${now} END`;

  /** All that a verdict relied on, still so; and there is room for one more refresh. */
  const unchanged = (session: RefreshableSession, now: Date) => sql`
    user_id = ${session.userId} AND id = ${session.id} AND generation = ${session.generation}
    AND revoked_at IS NULL AND expires_at > ${now}
    AND (refreshes_counted < ${allowance.points} OR ${windowOpen(now)} IS NOT TRUE)
    AND EXISTS (SELECT FROM ${users} AS u WHERE u.id = ${session.userId} AND u.disabled_at IS NULL)`;

  const advance = (to: number, { session, now, expiresAt, client }: RotationStep) => sql`
    UPDATE ${sessions} SET generation = ${to}, rotated_at = ${now}, last_used_at = ${now},
      expires_at = ${expiresAt}, ${counting(now)}, user_agent = ${client.userAgent}, ip_address = ${client.ipAddress}
    WHERE ${unchanged(session, now)}
    RETURNING user_id, id AS session_id`;

  return {
    find: async ({ userId, sessionId }) => {
      const [row] = await database.query<SessionRow>(sql`
        SELECT ${sessionColumns}, u.disabled_at IS NOT NULL AS "isUserDisabled", u.auth_epoch AS "authEpoch",
          e.email, e.verified AS "emailVerified", u.roles, u.created_at AS "userCreatedAt"
        FROM ${sessions} AS s JOIN ${users} AS u ON u.id = s.user_id JOIN ${emails} AS e ON e.user_id = s.user_id
        WHERE s.user_id = ${userId} AND s.id = ${sessionId}`);
      return row === undefined ? null : withUser(row);
    },
    listLive: ({ userId, now }) =>
      database.query<ListedSession>(sql`
        SELECT id, created_at AS "createdAt", last_used_at AS "lastUsedAt", expires_at AS "expiresAt",
          user_agent AS "userAgent", ip_address AS "ipAddress"
        FROM ${sessions} WHERE user_id = ${userId} AND revoked_at IS NULL AND expires_at > ${now}
        ORDER BY last_used_at DESC, id DESC`),
    rotate: (step) => took(advance(step.session.generation + 1, step)),
    catchUp: ({ presented, audit, ...step }) =>
      took(sql`
        WITH advanced AS (${advance(presented + 1, step)}),
        audited AS (${auditInsert({ database, entry: audit, source: sql`advanced` })})
        SELECT FROM advanced`),
    countLateAnswer: ({ session, inRow, now }) =>
      took(sql`
        UPDATE ${sessions} SET late_answered_generation = generation, late_answers_in_row = ${inRow}, ${counting(now)}
        WHERE ${unchanged(session, now)} AND confirmed_generation < generation
          AND late_answered_generation = ${session.lateAnsweredGeneration}
        RETURNING id`),
    countRefresh: ({ session, now }) =>
      took(sql`UPDATE ${sessions} SET ${counting(now)} WHERE ${unchanged(session, now)} RETURNING id`),
  };
}

function withUser({ email, emailVerified, roles, userCreatedAt, ...session }: SessionRow): RefreshableSession {
  return { ...session, user: { id: session.userId, email, emailVerified, roles, createdAt: userCreatedAt } };
}
