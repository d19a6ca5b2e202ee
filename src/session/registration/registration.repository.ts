import sql from 'sql-template-tag';
import { type AuditEntry, auditInsert, NIL_UUID } from '../../platform/audit/audit.js';
import type { Database } from '../../platform/database/database.js';
import { type NewMail, outboxInsert } from '../../platform/mail/outbox.js';

/** Keeps registrations until their address is proved. */
export interface RegistrationRepository {
  /** The same statement whoever has the address: whether it is free is found out when the mail is made. */
  begin(needs: {
    /** The id that the user will have. */
    userId: string;
    email: string;
    passwordHash: string;
    language: string | null;
    now: Date;
    expiresAt: Date;
    mail: NewMail;
    audit: AuditEntry;
  }): Promise<void>;
}

/** Registrations in the table `pending_registrations`. */
export function createRegistrationRepository({ database }: { database: Database }): RegistrationRepository {
  return {
    begin: async ({ userId, email, passwordHash, language, now, expiresAt, mail, audit }) => {
      const recipient = sql`(SELECT ${email}::text AS address, ${userId}::uuid AS user_id)`;
      const nobody = sql`(SELECT ${NIL_UUID}::uuid AS user_id, NULL::uuid AS session_id)`;
      await database.query(sql`
        WITH begun AS (
          INSERT INTO ${database.table('pending_registrations')}
            (user_id, email, password_hash, language, created_at, expires_at)
          VALUES (${userId}, ${email}, ${passwordHash}, ${language}, ${now}, ${expiresAt})
          ON CONFLICT (user_id) DO NOTHING
        ), mailed AS (${outboxInsert({ database, mail, source: recipient })})
        ${auditInsert({ database, entry: audit, source: nobody })}`);
    },
  };
}
