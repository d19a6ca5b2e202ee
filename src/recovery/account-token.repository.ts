import sql from 'sql-template-tag';
import { auditInsert, type OperatingAuditEntry } from '../platform/audit/audit.js';
import { addSeconds } from '../platform/clock.js';
import type { Database } from '../platform/database/database.js';
import type { LinkPurpose } from './account-token.js';

/** A link that is good now. */
export interface LiveLink {
  userId: string;
  /** Where it was mailed to. */
  address: string;
  /** Of the registration that waits for it; null: the account is there. */
  pendingPasswordHash: string | null;
}

/** A link about to be mailed; its hash is made before the first try. */
export interface NewLink {
  tokenHash: Buffer;
  userId: string;
  purpose: LinkPurpose;
  address: string;
  mailId: string;
  now: Date;
  expiresAt: Date;
  audit: OperatingAuditEntry;
}

/** Keeps links, as hashes. */
export interface AccountTokenRepository {
  /** null: unknown, used, void, too old, or of another purpose. */
  find(needs: { tokenHash: Buffer; purpose: LinkPurpose; now: Date }): Promise<LiveLink | null>;
  /**
   * Keeps a link; the oldest of the account goes where there are more than three of a purpose. false: the account is
   * gone, or another mail had one for the same within a minute, so that this one shall not be sent.
   */
  keep(link: NewLink): Promise<boolean>;
}

const REPEAT_SECONDS = 60;
const LIVE_MAX = 3;

/** Links in the table `account_tokens`. */
export function createAccountTokenRepository({ database }: { database: Database }): AccountTokenRepository {
  const tokens = database.table('account_tokens');
  const users = database.table('users');
  const pending = database.table('pending_registrations');
  return {
    find: async ({ tokenHash, purpose, now }) => {
      const [row] = await database.query<LiveLink>(sql`
        SELECT t.user_id AS "userId", t.address, p.password_hash AS "pendingPasswordHash"
        FROM ${tokens} AS t
        LEFT JOIN ${users} AS u ON u.id = t.user_id
        LEFT JOIN ${pending} AS p ON p.user_id = t.user_id AND u.id IS NULL AND p.expires_at > ${now}
        WHERE t.token_hash = ${tokenHash} AND t.purpose = ${purpose} AND t.ended_at IS NULL AND t.expires_at > ${now}
          AND (u.id IS NOT NULL OR p.user_id IS NOT NULL)`);
      return row ?? null;
    },
    keep: (link) =>
      database.transaction(async ({ query }) => {
        const { userId, purpose, address, now } = link;
        // The account first, as wherever links of an account change; one such statement after the other then counts right.
        const locked = [
          ...(await query(sql`SELECT FROM ${users} WHERE id = ${userId} FOR NO KEY UPDATE`)),
          ...(await query(sql`
            UPDATE ${pending} SET expires_at = GREATEST(expires_at, ${link.expiresAt}::timestamptz)
            WHERE user_id = ${userId} RETURNING user_id`)),
        ];
        if (locked.length === 0) return false;
        // Links that take a change back are not counted: whoever changes often must not push the owner's out.
        const isCounted = purpose !== 'UNDO_EMAIL_CHANGE';
        const ofPurpose = sql`t.user_id = ${userId} AND t.purpose = ${purpose}`;
        const kept = await query(sql`
          WITH made AS (
            INSERT INTO ${tokens} (token_hash, user_id, purpose, address, mail_id, created_at, expires_at, ended_at)
            SELECT ${link.tokenHash}::bytea, ${userId}::uuid, ${purpose}, ${address}, ${link.mailId}::uuid,
              ${now}::timestamptz, ${link.expiresAt}::timestamptz, NULL
            WHERE NOT EXISTS (SELECT FROM ${tokens} AS t WHERE ${isCounted} AND ${ofPurpose}
              AND t.address = ${address} AND t.mail_id <> ${link.mailId}
              AND t.created_at > ${addSeconds(now, -REPEAT_SECONDS)})
            ON CONFLICT DO NOTHING RETURNING user_id, NULL::uuid AS session_id
          ), pushed_out AS (
            UPDATE ${tokens} AS o SET ended_at = ${now}
            FROM (
              SELECT t.token_hash FROM ${tokens} AS t
              WHERE ${isCounted} AND ${ofPurpose} AND t.ended_at IS NULL AND t.expires_at > ${now}
                AND t.token_hash <> ${link.tokenHash}
              ORDER BY t.created_at DESC, t.mail_id DESC OFFSET ${LIVE_MAX - 1}
            ) AS oldest
            WHERE o.token_hash = oldest.token_hash AND EXISTS (SELECT FROM made)
          ), audited AS (${auditInsert({ database, entry: link.audit, source: sql`made` })})
          SELECT 1 FROM made
          UNION ALL
          SELECT 1 FROM ${tokens} WHERE token_hash = ${link.tokenHash}`);
        return kept.length > 0;
      }),
  };
}
