import sql from 'sql-template-tag';
import { auditInsert, type ClientFacts, type OperatingAuditEntry } from '../platform/audit/audit.js';
import type { Database, Statements } from '../platform/database/database.js';
import type { EndingRepository } from '../session/revocation/ending.repository.js';
import type { RevocationList } from '../session/revocation/revocation-list.js';
import { userChangeInsert } from '../session/revocation/user-change.js';

/** Deletes accounts. */
export interface DeletionRepository {
  /** Ends all sessions by the feed, then deletes the account; the audit trail keeps what happened, and not to whom. */
  delete(needs: { userId: string; audit: OperatingAuditEntry; client: ClientFacts }): Promise<void>;
}

/** In one transaction: nobody sees an account without its sessions, or sessions without their account. */
export function createDeletionRepository(needs: {
  database: Database;
  endings: EndingRepository;
  revocations: RevocationList;
}): DeletionRepository {
  const { database, endings, revocations } = needs;
  const table = (name: string) => database.table(name);

  const erase = async ({ query }: Statements, userId: string, audit: OperatingAuditEntry): Promise<void> => {
    // The sessions go with their user.
    await query(sql`
      WITH addresses AS (
        DELETE FROM ${table('user_emails')} WHERE user_id = ${userId} OR reserved_for = ${userId} RETURNING email
      ), links AS (DELETE FROM ${table('account_tokens')} WHERE user_id = ${userId}),
      registrations AS (
        DELETE FROM ${table('pending_registrations')} WHERE email IN (SELECT email FROM addresses)
      ), mails AS (
        DELETE FROM ${table('mail_outbox')}
        WHERE user_id = ${userId} OR address IN (SELECT email FROM addresses)
      ), audited AS (
        UPDATE ${table('audit_events')} SET ip_address = NULL, user_agent = NULL
        WHERE user_id = ${userId} AND (ip_address IS NOT NULL OR user_agent IS NOT NULL)
      ), gone AS (
        DELETE FROM ${table('users')} WHERE id = ${userId}
        RETURNING id AS user_id, NULL::uuid AS session_id, auth_epoch
      ), fed AS (${userChangeInsert({ database, feedId: audit.id, source: sql`gone` })})
      ${auditInsert({ database, entry: audit, source: sql`gone` })}`);
  };

  return {
    delete: async ({ userId, audit, client }) => {
      await endings.endAllWith({
        userId,
        exceptSessionId: null,
        cause: 'ACCOUNT_DELETED',
        client,
        // Nothing to change before the ends: the user's row must be there for them.
        change: async () => true,
        afterwards: (statements) => erase(statements, userId, audit),
      });
      revocations.noteProfileChanged(userId);
    },
  };
}
