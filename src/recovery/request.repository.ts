import sql from 'sql-template-tag';
import { type AuditEntry, auditInsert, NIL_UUID } from '../platform/audit/audit.js';
import type { Database } from '../platform/database/database.js';
import { type NewMail, outboxInsert } from '../platform/mail/outbox.js';

/** A wish for a mailed link; the ids are made before the first try. */
interface Request {
  mail: NewMail;
  audit: AuditEntry;
}

/** Writes down that a link was asked for: the mail is made, and its token with it, by the worker. */
export interface RequestRepository {
  /** The same statement whoever has the address. */
  requestReset(needs: Request & { address: string }): Promise<void>;
  /** Nothing where the address is verified by now. */
  requestVerification(needs: Request & { userId: string; sessionId: string }): Promise<void>;
  requestChange(needs: Request & { userId: string; sessionId: string; address: string }): Promise<void>;
  /** The version of the user's password; null: gone or disabled. */
  findPasswordVersion(userId: string): Promise<number | null>;
}

/** Requests in the tables `mail_outbox` and `audit_events`. */
export function createRequestRepository({ database }: { database: Database }): RequestRepository {
  return {
    requestReset: async ({ address, mail, audit }) => {
      const nobody = sql`(SELECT ${NIL_UUID}::uuid AS user_id, NULL::uuid AS session_id)`;
      const recipient = sql`(SELECT ${address}::text AS address, NULL::uuid AS user_id)`;
      await database.query(sql`
        WITH mailed AS (${outboxInsert({ database, mail, source: recipient })})
        ${auditInsert({ database, entry: audit, source: nobody })}`);
    },
    requestVerification: async ({ userId, sessionId, mail, audit }) => {
      await database.query(sql`
        WITH recipient AS (
          SELECT email AS address, user_id FROM ${database.table('user_emails')}
          WHERE user_id = ${userId} AND NOT verified
        ), mailed AS (${outboxInsert({ database, mail, source: sql`recipient` })})
        ${auditInsert({ database, entry: audit, source: viewer(userId, sessionId) })}`);
    },
    requestChange: async ({ userId, sessionId, address, mail, audit }) => {
      const recipient = sql`(SELECT ${address}::text AS address, ${userId}::uuid AS user_id)`;
      await database.query(sql`
        WITH mailed AS (${outboxInsert({ database, mail, source: recipient })})
        ${auditInsert({ database, entry: audit, source: viewer(userId, sessionId) })}`);
    },
    findPasswordVersion: async (userId) => {
      const [row] = await database.query<{ passwordVersion: number }>(sql`
        SELECT password_version AS "passwordVersion" FROM ${database.table('users')}
        WHERE id = ${userId} AND disabled_at IS NULL`);
      return row?.passwordVersion ?? null;
    },
  };
}

function viewer(userId: string, sessionId: string) {
  return sql`(SELECT ${userId}::uuid AS user_id, ${sessionId}::uuid AS session_id)`;
}
