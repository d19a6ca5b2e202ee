import sql from 'sql-template-tag';
import { auditInsert, NIL_UUID, type OperatingAuditEntry } from '../audit/audit.js';
import { addSeconds } from '../clock.js';
import type { Database } from '../database/database.js';

/** What became of a mail. FOLDED: a later one of its kind tells of it, too. */
export type MailResult = 'SENT' | 'NOT_NEEDED' | 'FOLDED' | 'REFUSED' | 'TOO_LATE' | 'OFF';

/** A mail that this process has claimed: no other sends it before the lease is over. */
export interface ClaimedMail {
  id: string;
  kind: string;
  address: string;
  /** null: whether somebody has this address is found out when the mail is made. */
  userId: string | null;
  /** null: the user's, else the gateway's. */
  language: string | null;
  details: Record<string, string>;
  createdAt: Date;
  /** This one included. */
  attempts: number;
}

/** The mails that wait; each method is one statement. */
export interface OutboxRepository {
  /** Those that are due, the longest due first; they are due again, for whoever then looks, after `leaseSeconds`. */
  claim(needs: { kinds: readonly string[]; now: Date; leaseSeconds: number; limit: number }): Promise<ClaimedMail[]>;
  /** false: somebody else has it by now. */
  finish(needs: {
    mail: ClaimedMail;
    result: MailResult;
    now: Date;
    audit?: OperatingAuditEntry | undefined;
  }): Promise<boolean>;
  /** false: somebody else has it by now. */
  putOff(needs: { mail: ClaimedMail; until: Date }): Promise<boolean>;
  /**
   * Whether a daily notice is to be sent now. It is not where the same (kind, address, account and device) was sent
   * within a day, or is being sent: then it waits until the day is over, one that waits standing for all.
   */
  isDue(needs: { mail: ClaimedMail; now: Date }): Promise<boolean>;
}

const DAY_SECONDS = 86_400;
/** How long a notice waits for one that is being sent, to see what becomes of that. */
const BUSY_WAIT_SECONDS = 60;

/** The outbox in the table `mail_outbox`. */
export function createOutboxRepository({ database }: { database: Database }): OutboxRepository {
  const outbox = database.table('mail_outbox');
  return {
    claim: ({ kinds, now, leaseSeconds, limit }) =>
      database.query<ClaimedMail>(sql`
        UPDATE ${outbox} AS m SET send_at = ${addSeconds(now, leaseSeconds)}, attempts = m.attempts + 1
        WHERE m.id IN (
          SELECT id FROM ${outbox}
          WHERE done_at IS NULL AND send_at <= ${now} AND kind = ANY(${kinds}::text[])
          ORDER BY send_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
        RETURNING m.id, m.kind, m.address, m.user_id AS "userId", m.language, m.details, m.created_at AS "createdAt",
          m.attempts`),
    finish: async ({ mail, result, now, audit }) => {
      // What was sent is sent, whoever has the mail by now.
      const isOurs = result === 'SENT' ? sql`true` : sql`done_at IS NULL AND attempts = ${mail.attempts}`;
      const audited =
        audit === undefined ? sql`SELECT` : auditInsert({ database, entry: audit, source: sql`finished` });
      const rows = await database.query(sql`
        WITH finished AS (
          UPDATE ${outbox} SET done_at = ${now}, result = ${result} WHERE id = ${mail.id} AND ${isOurs}
          RETURNING COALESCE(user_id, ${NIL_UUID}::uuid) AS user_id, NULL::uuid AS session_id
        ), audited AS (${audited})
        SELECT user_id FROM finished`);
      return rows.length > 0;
    },
    putOff: async ({ mail, until }) => {
      const rows = await database.query(sql`
        UPDATE ${outbox} SET send_at = ${until}
        WHERE id = ${mail.id} AND done_at IS NULL AND attempts = ${mail.attempts} RETURNING id`);
      return rows.length > 0;
    },
    isDue: async ({ mail, now }) => {
      const { id, kind, address, userId, details, attempts } = mail;
      const [row] = await database.query<{ isDue: boolean }>(sql`
        WITH same AS (
          SELECT id, attempts, send_at, done_at, result FROM ${outbox}
          WHERE address = ${address} AND kind = ${kind} AND user_id IS NOT DISTINCT FROM ${userId}::uuid
            AND details->>'device' IS NOT DISTINCT FROM ${details['device'] ?? null}::text AND id <> ${id}
            AND (done_at IS NULL OR done_at > ${addSeconds(now, -DAY_SECONDS)})
        ), folded AS (
          UPDATE ${outbox} AS m SET details = m.details ||
            jsonb_build_object('repeats', (COALESCE((m.details->>'repeats')::integer, 0) + 1)::text)
          WHERE m.id = (SELECT id FROM same WHERE done_at IS NULL AND attempts = 0 AND send_at > ${now}
              ORDER BY id LIMIT 1)
            AND m.done_at IS NULL AND m.attempts = 0
          RETURNING m.id
        ), seen AS (
          SELECT EXISTS (SELECT FROM folded) AS is_folded,
            (SELECT max(done_at) FROM same WHERE result = 'SENT') AS sent_at,
            EXISTS (SELECT FROM same WHERE done_at IS NULL AND attempts > 0 AND id < ${id}) AS is_busy
        )
        UPDATE ${outbox} AS m SET
          done_at = CASE WHEN is_folded THEN ${now}::timestamptz END,
          result = CASE WHEN is_folded THEN 'FOLDED' END,
          send_at = CASE
            WHEN sent_at IS NOT NULL THEN sent_at + ${DAY_SECONDS} * interval '1 second'
            WHEN is_busy THEN ${addSeconds(now, BUSY_WAIT_SECONDS)}::timestamptz
            ELSE m.send_at END,
          attempts = CASE WHEN sent_at IS NOT NULL OR is_busy THEN 0 ELSE m.attempts END
        FROM seen
        WHERE m.id = ${id} AND m.done_at IS NULL AND m.attempts = ${attempts}
        RETURNING m.done_at IS NULL AND m.attempts > 0 AS "isDue"`);
      return row?.isDue ?? false;
    },
  };
}
