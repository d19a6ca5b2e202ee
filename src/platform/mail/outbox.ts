import sql, { type Sql } from 'sql-template-tag';
import type { Database } from '../database/database.js';
import type { MailKind } from './mail-kind.js';

/** A mail to be made and sent; its id is made before the statement that writes it is tried. */
export interface NewMail {
  id: string;
  /** Which text; the feature that sends it composes it. */
  kind: MailKind;
  at: Date;
  /** BCP 47, as the request asked for it; null: the user's. */
  language: string | null;
  /** What the text names beside: never a secret. */
  details?: Record<string, string>;
}

/**
 * An `INSERT` of one mail for every row of `source` (its columns `address` and `user_id`, which may be null), to stand
 * as a part of the statement that makes the change. One that is there already is our own.
 */
export function outboxInsert(needs: { database: Database; mail: NewMail; source: Sql }): Sql {
  const { database, mail, source } = needs;
  const { id, kind, at, language, details = {} } = mail;
  return sql`INSERT INTO ${database.table('mail_outbox')}
      (id, kind, address, user_id, language, details, created_at, send_at, attempts)
    SELECT ${id}::uuid, ${kind}, source.address, source.user_id, ${language}::text, ${JSON.stringify(details)}::jsonb,
      ${at}::timestamptz, ${at}::timestamptz, 0
    FROM ${source} AS source
    ON CONFLICT DO NOTHING`;
}
