import sql, { raw, type Sql } from 'sql-template-tag';
import { auditInsert, NIL_UUID, type OperatingAuditEntry } from '../../platform/audit/audit.js';
import type { Database, Statements } from '../../platform/database/database.js';
import { feedChannel } from '../revocation/ending.js';
import { readStoredSigningKeys, type StoredSigningKey } from './stored-signing-key.js';

/** What is to be written of the keys, all of it or nothing. */
export interface SigningKeyChange {
  /** Whole rows, new or changed. */
  keys: readonly StoredSigningKey[];
  audit: readonly OperatingAuditEntry[];
}

/** The keys in PostgreSQL. */
export interface SigningKeyRepository {
  /** All keys, the newest first. */
  all(): Promise<StoredSigningKey[]>;
  /**
   * Lets `decide` see all keys and writes what it answers, while nobody else changes any; other processes are told.
   * `decide` may be called more than once. Answers the keys as they then stand.
   */
  change(decide: (keys: StoredSigningKey[]) => SigningKeyChange): Promise<StoredSigningKey[]>;
}

/** The table `signing_keys`. */
export function createSigningKeyRepository({ database }: { database: Database }): SigningKeyRepository {
  const table = database.table('signing_keys');
  const all = async ({ query }: Statements) =>
    readStoredSigningKeys(await query(sql`SELECT * FROM ${table} ORDER BY activates_at DESC, kid`));
  return {
    all: () => all(database),
    change: (decide) =>
      database.transaction(async ({ query }) => {
        // Of the transaction, not of the session: a pooler would hand that one on, with its lock.
        await query(
          sql`SELECT pg_advisory_xact_lock(hashtextextended(${`gatehouse signing keys ${database.schema}`}, 0))`,
        );
        const { keys, audit } = decide(await all({ query }));
        for (const key of keys) await query(upsert(table, key));
        for (const entry of audit) await query(auditInsert({ database, entry, source: NOBODY }));
        if (keys.length > 0) await query(sql`SELECT pg_notify(${feedChannel(database.schema)}, '')`);
        return all({ query });
      }),
  };
}

const NOBODY = raw(`(SELECT '${NIL_UUID}'::uuid AS user_id, NULL::uuid AS session_id)`);

function upsert(table: Sql, key: StoredSigningKey): Sql {
  const { kid, publicJwk, sealed, createdAt, activatesAt, signsUntil, verifiesUntil, revokedAt } = key;
  return sql`
    INSERT INTO ${table} AS k (kid, public_jwk, sealed_private_key, sealed_under,
      created_at, activates_at, signs_until, verifies_until, revoked_at)
    VALUES (${kid}, ${JSON.stringify(publicJwk)}::jsonb, ${sealed?.text ?? null}, ${sealed?.under ?? null},
      ${createdAt}, ${activatesAt}, ${signsUntil}, ${verifiesUntil}, ${revokedAt})
    ON CONFLICT (kid) DO UPDATE SET sealed_private_key = EXCLUDED.sealed_private_key,
      sealed_under = EXCLUDED.sealed_under, activates_at = EXCLUDED.activates_at, signs_until = EXCLUDED.signs_until,
      verifies_until = EXCLUDED.verifies_until, revoked_at = EXCLUDED.revoked_at`;
}
