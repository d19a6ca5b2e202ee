import sql, { type Sql } from 'sql-template-tag';
import { type AuditEntry, auditInsert, type ClientFacts } from '../platform/audit/audit.js';
import type { Database } from '../platform/database/database.js';
import { type NewMail, outboxInsert } from '../platform/mail/outbox.js';
import type { TokenDelivery } from '../session/refresh-session.repository.js';
import type { EndingRepository } from '../session/revocation/ending.repository.js';
import type { RevocationList } from '../session/revocation/revocation-list.js';
import { feedNotice, userChangeInsert, withEpoch } from '../session/revocation/user-change.js';
import { type CheckedPassword, isStillChecked } from '../user/password/checked-password.js';
import { linksVoid, linkUse, nextPasswordVoids } from './link-use.js';

/** A new password for an account; the ids of its rows are made before the first try. */
export interface NewPassword {
  userId: string;
  passwordHash: string;
  now: Date;
  audit: AuditEntry;
  mail: NewMail;
  client: ClientFacts;
}

/** The account as it is with a new password. */
export interface ResetAccount {
  email: string;
  passwordVersion: number;
}

/** Replaces passwords, with the ends of sessions that this brings. */
export interface PasswordRepository {
  /** By a link that was mailed to the account's address; null: the link is not good. */
  reset(needs: NewPassword & { tokenHash: Buffer }): Promise<ResetAccount | null>;
  /** By a link that gives an address back; null: the link is not good. */
  undoEmailChange(needs: NewPassword & { tokenHash: Buffer }): Promise<ResetAccount | null>;
  /** Only while the checked password and the session are the account's; null: they are not any more. */
  change(
    needs: NewPassword & { checked: CheckedPassword; sessionId: string },
  ): Promise<{ passwordVersion: number; tokenDelivery: TokenDelivery; endedSessions: number } | null>;
}

/** Passwords in the table `users`. */
export function createPasswordRepository(needs: {
  database: Database;
  endings: EndingRepository;
  revocations: RevocationList;
}): PasswordRepository {
  const { database, endings, revocations } = needs;
  const users = database.table('users');
  const emails = database.table('user_emails');
  const sessions = database.table('refresh_sessions');
  /** An earlier try whose answer was lost. */
  const done = ({ userId, audit }: NewPassword) => sql`
    EXISTS (SELECT FROM ${database.table('audit_events')} WHERE user_id = ${userId} AND id = ${audit.id})`;
  /** Raises the version, so that device tokens of before are void. */
  const changed = ({ passwordHash }: NewPassword, source: Sql) => sql`
    UPDATE ${users} AS u SET password_hash = ${passwordHash}, password_version = u.password_version + 1
    FROM ${source} AS source WHERE u.id = source.user_id
    RETURNING u.id AS user_id, NULL::uuid AS session_id, u.password_version`;
  const parts = (change: NewPassword) => ({
    audited: auditInsert({ database, entry: change.audit, source: sql`changed` }),
    mailed: outboxInsert({
      database,
      mail: change.mail,
      source: sql`(SELECT proved.email AS address, changed.user_id FROM changed, proved)`,
    }),
  });
  /** The address is proved, or another one. The row bears the id of the audit event. */
  const fed = ({ audit }: NewPassword) =>
    userChangeInsert({ database, feedId: audit.id, source: withEpoch({ database, changed: sql`changed` }) });
  const noticed = feedNotice(database);
  const asItIs = (change: NewPassword) => sql`
    SELECT e.email, u.password_version AS "passwordVersion", NULL
    FROM ${users} AS u JOIN ${emails} AS e ON e.user_id = u.id WHERE u.id = ${change.userId} AND ${done(change)}`;

  return {
    reset: async ({ tokenHash, ...change }) => {
      const { now } = change;
      const condition = sql`EXISTS (SELECT FROM ${emails} AS e WHERE e.email = t.address AND e.user_id = t.user_id)`;
      const { audited, mailed } = parts(change);
      const outcome = await endings.endAllWith({
        ...change,
        exceptSessionId: null,
        cause: 'PASSWORD_RESET',
        change: async ({ query }) => {
          const [row] = await query<ResetAccount>(sql`
            WITH used AS (
              ${linkUse({ database, tokenHash, purpose: 'RESET_PASSWORD', now, condition })}
            ), changed AS (${changed(change, sql`used`)}),
            proved AS (
              UPDATE ${emails} AS e SET verified = true FROM used
              WHERE e.email = used.address AND e.user_id = used.user_id RETURNING e.email
            ), voided AS (${linksVoid({
              database,
              source: sql`changed`,
              usedHash: tokenHash,
              now,
              condition: nextPasswordVoids,
            })}), mailed AS (${mailed}), audited AS (${audited}), fed AS (${fed(change)})
            SELECT proved.email, changed.password_version AS "passwordVersion", ${noticed} FROM changed, proved
            UNION ALL ${asItIs(change)}`);
          return row ?? null;
        },
      });
      revocations.noteProfileChanged(change.userId);
      return outcome?.change ?? null;
    },
    undoEmailChange: async ({ tokenHash, ...change }) => {
      const { now } = change;
      const condition = sql`EXISTS (SELECT FROM ${emails} AS e
        WHERE e.email = t.address AND e.user_id IS NULL AND e.reserved_for = t.user_id)`;
      const { audited, mailed } = parts(change);
      const outcome = await endings.endAllWith({
        ...change,
        exceptSessionId: null,
        cause: 'EMAIL_CHANGE_UNDONE',
        change: async ({ query }) => {
          const [row] = await query<ResetAccount>(sql`
            WITH used AS (
              ${linkUse({ database, tokenHash, purpose: 'UNDO_EMAIL_CHANGE', now, condition })}
            ), changed AS (${changed(change, sql`used`)}),
            proved AS (
              UPDATE ${emails} AS e SET user_id = used.user_id, verified = true, reserved_for = NULL,
                reserved_until = NULL
              FROM used WHERE e.email = used.address RETURNING e.email
            ), restored AS (
              SELECT e.reserved_until FROM ${emails} AS e JOIN used ON e.email = used.address
            ), let_go AS (
              DELETE FROM ${emails} AS e USING used
              WHERE e.email <> used.address AND (e.user_id = used.user_id
                OR (e.reserved_for = used.user_id AND e.reserved_until > (SELECT reserved_until FROM restored)))
              RETURNING e.email
            ), voided AS (${linksVoid({
              database,
              source: sql`used`,
              usedHash: tokenHash,
              now,
              // Links of older changes stay: the owner's must not fall to one who changed the address after them.
              condition: sql`(${nextPasswordVoids} OR EXISTS (SELECT FROM let_go WHERE let_go.email = t.address))`,
            })}), mailed AS (${mailed}), audited AS (${audited}), fed AS (${fed(change)})
            SELECT proved.email, changed.password_version AS "passwordVersion", ${noticed} FROM changed, proved
            UNION ALL ${asItIs(change)}`);
          return row ?? null;
        },
      });
      revocations.noteProfileChanged(change.userId);
      return outcome?.change ?? null;
    },
    change: async ({ checked: password, sessionId, ...change }) => {
      const { userId, now } = change;
      const checked = sql`(SELECT u.id AS user_id FROM ${users} AS u JOIN ${sessions} AS s ON s.user_id = u.id
        WHERE u.id = ${userId} AND ${isStillChecked(password)} AND u.disabled_at IS NULL
          AND s.id = ${sessionId} AND s.revoked_at IS NULL AND s.expires_at > ${now})`;
      const { audited, mailed } = parts(change);
      const outcome = await endings.endAllWith({
        ...change,
        exceptSessionId: sessionId,
        cause: 'PASSWORD_CHANGED',
        change: async ({ query }) => {
          const [row] = await query<{ passwordVersion: number; tokenDelivery: TokenDelivery }>(sql`
            WITH changed AS (${changed(change, checked)}),
            proved AS (SELECT e.email FROM ${emails} AS e JOIN changed ON e.user_id = changed.user_id),
            voided AS (${linksVoid({
              database,
              source: sql`changed`,
              usedHash: null,
              now,
              condition: nextPasswordVoids,
            })}), mailed AS (${mailed}), audited AS (${audited})
            SELECT COALESCE(changed.password_version, u.password_version) AS "passwordVersion",
              s.token_delivery AS "tokenDelivery"
            FROM ${users} AS u JOIN ${sessions} AS s ON s.user_id = u.id LEFT JOIN changed ON true
            WHERE u.id = ${userId} AND s.id = ${sessionId} AND (changed.user_id IS NOT NULL OR ${done(change)})`);
          return row ?? null;
        },
      });
      return outcome === null ? null : { ...outcome.change, endedSessions: outcome.endedSessions };
    },
  };
}
