import sql, { type Sql } from 'sql-template-tag';
import { type AuditEntry, auditInsert } from '../platform/audit/audit.js';
import { addSeconds } from '../platform/clock.js';
import type { Database } from '../platform/database/database.js';
import { type NewMail, outboxInsert } from '../platform/mail/outbox.js';
import type { RevocationList } from '../session/revocation/revocation-list.js';
import { feedNotice, userChangeInsert, withEpoch } from '../session/revocation/user-change.js';
import { UNDO_TTL_SECONDS } from './account-token.js';
import { linksVoid, linkUse, stillVouched } from './link-use.js';
import type { Vouched } from './vouch.js';

/** One use of a link for an address; the ids of its rows are made before the first try. */
export interface AddressLinkUse {
  tokenHash: Buffer;
  userId: string;
  vouched: Vouched;
  now: Date;
  audit: AuditEntry;
}

/** What links do to addresses. */
export interface EmailRepository {
  /** Marks the address of the link as verified, if it still is the account's; the address, or null: the link is not good. */
  verify(use: AddressLinkUse): Promise<string | null>;
  /**
   * Gives the account the address of the link. A verified old one is kept for it, with a mail to say so; an unverified one
   * is let go: it may be a stranger's, to whom no link must go that takes the account.
   */
  change(use: AddressLinkUse & { mail: NewMail }): Promise<{ kind: 'changed'; email: string } | { kind: EmailRefusal }>;
}

export type EmailRefusal = 'link_expired' | 'email_taken';

/** Addresses in the table `user_emails`; each method locks the account first, as every use of a link does. */
export function createEmailRepository(needs: { database: Database; revocations: RevocationList }): EmailRepository {
  const { database, revocations } = needs;
  const users = database.table('users');
  const emails = database.table('user_emails');
  const lock = (userId: string) => sql`SELECT FROM ${users} WHERE id = ${userId} FOR UPDATE`;
  /** An earlier try whose answer was lost. */
  const done = ({ userId, audit }: AddressLinkUse) => sql`
    SELECT FROM ${database.table('audit_events')} WHERE user_id = ${userId} AND id = ${audit.id}`;
  /** No token carries an address: the epoch stays, and nobody has to refresh. The row bears the id of the audit event. */
  const fed = (changed: Sql, { audit }: AddressLinkUse) =>
    userChangeInsert({ database, feedId: audit.id, source: withEpoch({ database, changed }) });
  const noticed = feedNotice(database);
  /** Shown here at once; the other processes learn it from the feed. */
  const noted = async <Result>({ userId }: AddressLinkUse, changing: Promise<Result>): Promise<Result> => {
    const result = await changing;
    revocations.noteProfileChanged(userId);
    return result;
  };

  return {
    verify: (use) =>
      noted(
        use,
        database.transaction(async ({ query }) => {
          const { tokenHash, now, audit } = use;
          await query(lock(use.userId));
          const condition = stillVouched({ database, ...use, userId: sql`t.user_id` });
          const proved = sql`(SELECT user_id, NULL::uuid AS session_id FROM proved)`;
          const [row] = await query<{ email: string }>(sql`
          WITH used AS (
            ${linkUse({ database, tokenHash, purpose: 'VERIFY_EMAIL', now, condition })}
          ), proved AS (
            UPDATE ${emails} AS e SET verified = true FROM used
            WHERE e.email = used.address AND e.user_id = used.user_id RETURNING e.user_id, e.email
          ), voided AS (${linksVoid({
            database,
            source: sql`proved`,
            usedHash: tokenHash,
            now,
            condition: sql`t.purpose = 'VERIFY_EMAIL'`,
          })}), audited AS (${auditInsert({ database, entry: audit, source: proved })}),
          fed AS (${fed(sql`proved`, use)})
          SELECT email, ${noticed} FROM proved
          UNION ALL
          SELECT email, NULL FROM ${emails} WHERE user_id = ${use.userId} AND EXISTS (${done(use)})`);
          return row?.email ?? null;
        }),
      ),
    change: (use) =>
      noted(
        use,
        database.transaction(async ({ query }) => {
          const { tokenHash, now, audit, mail } = use;
          await query(lock(use.userId));
          const condition = stillVouched({ database, ...use, userId: sql`t.user_id` });
          const [row] = await query<{ email: string | null }>(sql`
          WITH used AS (
            ${linkUse({ database, tokenHash, purpose: 'CHANGE_EMAIL', now, condition })}
          ), taken AS (
            INSERT INTO ${emails} AS e (email, user_id, verified, created_at)
            SELECT address, user_id, true, ${now}::timestamptz FROM used
            ON CONFLICT (email) DO UPDATE SET user_id = EXCLUDED.user_id, verified = true,
              created_at = EXCLUDED.created_at, reserved_for = NULL, reserved_until = NULL
            WHERE e.user_id IS NULL AND (e.reserved_for = EXCLUDED.user_id OR e.reserved_until <= ${now})
            RETURNING e.email, e.user_id
          ), kept AS (
            UPDATE ${emails} AS e SET user_id = NULL, verified = false, reserved_for = taken.user_id,
              reserved_until = ${addSeconds(now, UNDO_TTL_SECONDS)}::timestamptz
            FROM taken WHERE e.user_id = taken.user_id AND e.email <> taken.email AND e.verified
            RETURNING e.email AS address, taken.user_id
          ), let_go AS (
            DELETE FROM ${emails} AS e USING taken
            WHERE e.user_id = taken.user_id AND e.email <> taken.email AND NOT e.verified
          ), voided AS (${linksVoid({
            database,
            source: sql`taken`,
            usedHash: tokenHash,
            now,
            // Of the links that take a change back, the one that this change does by itself.
            condition: sql`(t.purpose <> 'UNDO_EMAIL_CHANGE' OR t.address = source.email)`,
          })}), mailed AS (${outboxInsert({ database, mail, source: sql`kept` })}),
          audited AS (${auditInsert({
            database,
            entry: audit,
            source: sql`(SELECT user_id, NULL::uuid AS session_id FROM taken)`,
          })}), fed AS (${fed(sql`taken`, use)})
          SELECT taken.email, ${noticed} FROM used LEFT JOIN taken ON true
          UNION ALL
          SELECT email, NULL FROM ${emails} WHERE user_id = ${use.userId} AND EXISTS (${done(use)})`);
          if (row === undefined) return { kind: 'link_expired' };
          return row.email === null ? { kind: 'email_taken' } : { kind: 'changed', email: row.email };
        }),
      ),
  };
}
