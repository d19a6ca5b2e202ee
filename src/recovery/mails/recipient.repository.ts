import sql, { type Sql } from 'sql-template-tag';
import type { Database } from '../../platform/database/database.js';

/** Whom a mail is for, as it is when the mail is made. */
export interface Recipient {
  userId: string;
  /** BCP 47; null: not known. */
  language: string | null;
}

/** Finds out whether a mail that waits is to be sent; null: it is not. Disabled users get none. */
export interface RecipientRepository {
  /** Somebody whose address still is this one, and not verified. */
  unverified(needs: { userId: string; address: string }): Promise<Recipient | null>;
  /** A registration that waits for its link, and whether the address is somebody's. */
  registration(needs: {
    userId: string;
    address: string;
    now: Date;
  }): Promise<(Recipient & { isTaken: boolean; ownerLanguage: string | null; isOwnerDisabled: boolean }) | null>;
  /** Who has the address; else, where nobody has, the latest registration that waits with it. */
  ofAddress(needs: { address: string; now: Date }): Promise<Recipient | null>;
  /** Somebody who still may take the address, their password as it was when they asked. */
  ofChange(needs: { userId: string; address: string; passwordVersion: number; now: Date }): Promise<Recipient | null>;
  /** Somebody for whom the address is kept, and until when. */
  ofKept(needs: { userId: string; address: string; now: Date }): Promise<(Recipient & { keptUntil: Date }) | null>;
}

/** Recipients in PostgreSQL; each method is one statement. */
export function createRecipientRepository({ database }: { database: Database }): RecipientRepository {
  const users = database.table('users');
  const emails = database.table('user_emails');
  const pending = database.table('pending_registrations');
  const recipient = sql`u.id AS "userId", u.language`;
  const first = async <Row>(statement: Sql): Promise<Row | null> => (await database.query<Row>(statement))[0] ?? null;
  return {
    unverified: ({ userId, address }) =>
      first(sql`
        SELECT ${recipient} FROM ${users} AS u JOIN ${emails} AS e ON e.user_id = u.id
        WHERE u.id = ${userId} AND e.email = ${address} AND NOT e.verified AND u.disabled_at IS NULL`),
    registration: ({ userId, address, now }) =>
      first(sql`
        SELECT p.user_id AS "userId", p.language, e.email IS NOT NULL AS "isTaken", u.language AS "ownerLanguage",
          u.disabled_at IS NOT NULL AS "isOwnerDisabled"
        FROM ${pending} AS p
        LEFT JOIN ${emails} AS e ON e.email = p.email AND (e.user_id IS NOT NULL OR e.reserved_until > ${now})
        LEFT JOIN ${users} AS u ON u.id = COALESCE(e.user_id, e.reserved_for)
        WHERE p.user_id = ${userId} AND p.email = ${address}`),
    ofAddress: ({ address, now }) =>
      first(sql`
        (SELECT ${recipient} FROM ${emails} AS e JOIN ${users} AS u ON u.id = e.user_id
          WHERE e.email = ${address} AND u.disabled_at IS NULL)
        UNION ALL
        (SELECT p.user_id, p.language FROM ${pending} AS p
          WHERE p.email = ${address} AND p.expires_at > ${now} AND NOT EXISTS (SELECT FROM ${emails} AS e
            WHERE e.email = ${address} AND (e.user_id IS NOT NULL OR e.reserved_until > ${now}))
          ORDER BY p.user_id DESC LIMIT 1)`),
    ofChange: ({ userId, address, passwordVersion, now }) =>
      first(sql`
        SELECT ${recipient} FROM ${users} AS u
        WHERE u.id = ${userId} AND u.disabled_at IS NULL AND u.password_version = ${passwordVersion}
          AND NOT EXISTS (SELECT FROM ${emails} AS e WHERE e.email = ${address}
            AND (e.user_id IS NOT NULL OR (e.reserved_until > ${now} AND e.reserved_for <> u.id)))`),
    ofKept: ({ userId, address, now }) =>
      first(sql`
        SELECT ${recipient}, e.reserved_until AS "keptUntil"
        FROM ${users} AS u JOIN ${emails} AS e ON e.reserved_for = u.id
        WHERE u.id = ${userId} AND e.email = ${address} AND e.user_id IS NULL AND e.reserved_until > ${now}`),
  };
}
