import sql from 'sql-template-tag';
import { type AuditEntry, auditInsert } from '../platform/audit/audit.js';
import type { Database } from '../platform/database/database.js';
import type { LinkPurpose } from './account-token.js';
import { linksVoid, linkUse } from './link-use.js';

/** The version of a password that an account begins with. */
export const FIRST_PASSWORD_VERSION = 1;

/** Makes accounts of registrations whose address is proved. */
export interface AccountOpeningRepository {
  /**
   * Uses the link up and makes the account; the address, or null: the link is not good, or somebody has the address by
   * now. All other registrations with the address are dropped, their links with them.
   */
  open(needs: {
    tokenHash: Buffer;
    purpose: LinkPurpose;
    userId: string;
    /** The registration's, as it was checked; null: the link stands for a forgotten one. */
    checkedPasswordHash: string | null;
    passwordHash: string;
    now: Date;
    audit: AuditEntry;
  }): Promise<string | null>;
}

/** From `pending_registrations` to `users` and `user_emails`, by one statement. */
export function createAccountOpeningRepository({ database }: { database: Database }): AccountOpeningRepository {
  const users = database.table('users');
  const emails = database.table('user_emails');
  const pending = database.table('pending_registrations');
  return {
    open: async ({ tokenHash, purpose, userId, checkedPasswordHash, passwordHash, now, audit }) => {
      // Locked before any link of it: two of its links that come at once wait here, and not for each other.
      const waiting = sql`
        SELECT p.user_id, p.email, p.language FROM ${pending} AS p
        WHERE p.user_id = ${userId} AND p.expires_at > ${now}
          AND (${checkedPasswordHash}::text IS NULL OR p.password_hash = ${checkedPasswordHash}) FOR UPDATE`;
      const condition = sql`EXISTS (SELECT FROM waiting WHERE waiting.user_id = t.user_id AND waiting.email = t.address)`;
      const [row] = await database.query<{ email: string }>(sql`
        WITH waiting AS MATERIALIZED (${waiting}),
        used AS (${linkUse({ database, tokenHash, purpose, now, condition })}),
        taken AS (
          INSERT INTO ${emails} AS e (email, user_id, verified, created_at)
          SELECT address, user_id, true, ${now}::timestamptz FROM used
          ON CONFLICT (email) DO UPDATE SET user_id = EXCLUDED.user_id, verified = true,
            created_at = EXCLUDED.created_at, reserved_for = NULL, reserved_until = NULL
          WHERE e.user_id IS NULL AND e.reserved_until <= ${now}
          RETURNING e.email, e.user_id
        ), opened AS (
          INSERT INTO ${users} (id, roles, password_hash, auth_epoch, disabled_at, language, created_at)
          SELECT p.user_id, '{}', ${passwordHash}, 0, NULL, p.language, ${now}::timestamptz
          FROM taken JOIN waiting AS p ON p.user_id = taken.user_id
          RETURNING id AS user_id, NULL::uuid AS session_id
        ), voided AS (${linksVoid({ database, source: sql`taken`, usedHash: tokenHash, now, condition: sql`true` })}),
        dropped AS (DELETE FROM ${pending} AS p USING taken WHERE p.email = taken.email),
        audited AS (${auditInsert({ database, entry: audit, source: sql`opened` })})
        SELECT taken.email FROM taken JOIN opened ON opened.user_id = taken.user_id
        UNION ALL
        SELECT email FROM ${emails} WHERE user_id = ${userId} AND EXISTS (
          SELECT FROM ${database.table('audit_events')} WHERE user_id = ${userId} AND id = ${audit.id})`);
      return row?.email ?? null;
    },
  };
}
