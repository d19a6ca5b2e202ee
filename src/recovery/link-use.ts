import sql, { type Sql } from 'sql-template-tag';
import type { Database } from '../platform/database/database.js';
import { isStillChecked } from '../user/password/checked-password.js';
import type { LinkPurpose } from './account-token.js';
import type { Vouched } from './vouch.js';

/**
 * The `UPDATE` that uses a link up, to stand as a part of the statement that acts on it. It answers `user_id`, `address`
 * and `created_at` of a link that was good until now, and nothing else.
 */
export function linkUse(needs: {
  database: Database;
  tokenHash: Buffer;
  purpose: LinkPurpose;
  now: Date;
  /** On `t`. */
  condition?: Sql;
}): Sql {
  const { database, tokenHash, purpose, now, condition = sql`true` } = needs;
  return sql`
    UPDATE ${database.table('account_tokens')} AS t SET ended_at = ${now}::timestamptz
    WHERE t.token_hash = ${tokenHash} AND t.purpose = ${purpose} AND t.ended_at IS NULL AND t.expires_at > ${now}
      AND ${condition}
    RETURNING t.user_id, t.address, t.created_at`;
}

/** The `UPDATE` that voids other links of the users in `source` (its column `user_id`). */
export function linksVoid(needs: {
  database: Database;
  source: Sql;
  /** The one that is used: PostgreSQL changes a row once in a statement. */
  usedHash: Buffer | null;
  now: Date;
  /** On `t`. */
  condition: Sql;
}): Sql {
  const { database, source, usedHash, now, condition } = needs;
  return sql`
    UPDATE ${database.table('account_tokens')} AS t SET ended_at = ${now}::timestamptz
    FROM ${source} AS source
    WHERE t.user_id = source.user_id AND t.ended_at IS NULL AND t.token_hash IS DISTINCT FROM ${usedHash}::bytea
      AND ${condition}`;
}

/** All links but those that take a change of address back: these must outlive whatever a thief does to the password. */
export const nextPasswordVoids = sql`t.purpose <> 'UNDO_EMAIL_CHANGE'`;

/** That what somebody vouched by still holds, for the user whose id is `userId`. */
export function stillVouched(needs: { database: Database; vouched: Vouched; userId: Sql; now: Date }): Sql {
  const { database, vouched, userId, now } = needs;
  if (vouched.by === 'password') {
    return sql`EXISTS (SELECT FROM ${database.table('users')} AS u
      WHERE u.id = ${userId} AND ${isStillChecked(vouched.checked)} AND u.disabled_at IS NULL)`;
  }
  return sql`EXISTS (SELECT FROM ${database.table('refresh_sessions')} AS s
    WHERE s.user_id = ${userId} AND s.id = ${vouched.sessionId} AND s.revoked_at IS NULL AND s.expires_at > ${now})`;
}
