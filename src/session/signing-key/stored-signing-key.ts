import { z } from 'zod';

/** A private part as the database holds it. */
export interface SealedKey {
  /** base64url of IV, ciphertext and tag. */
  text: string;
  /** The name of the key that encrypts it. */
  under: string;
}

/** A row of `signing_keys`. */
export interface StoredSigningKey {
  kid: string;
  publicJwk: unknown;
  /** null: wiped. */
  sealed: SealedKey | null;
  createdAt: Date;
  activatesAt: Date;
  signsUntil: Date | null;
  verifiesUntil: Date | null;
  revokedAt: Date | null;
}

const time = z.coerce.date();
const rows = z.array(
  z
    .object({
      kid: z.string(),
      public_jwk: z.unknown(),
      sealed_private_key: z.string().nullable(),
      sealed_under: z.string().nullable(),
      created_at: time,
      activates_at: time,
      signs_until: time.nullable(),
      verifies_until: time.nullable(),
      revoked_at: time.nullable(),
    })
    .transform(
      (row): StoredSigningKey => ({
        kid: row.kid,
        publicJwk: row.public_jwk,
        sealed:
          row.sealed_private_key === null || row.sealed_under === null
            ? null
            : { text: row.sealed_private_key, under: row.sealed_under },
        createdAt: row.created_at,
        activatesAt: row.activates_at,
        signsUntil: row.signs_until,
        verifiesUntil: row.verifies_until,
        revokedAt: row.revoked_at,
      }),
    ),
);

/** Reads rows of `signing_keys`, as the driver gives them or as PostgreSQL's JSON. */
export function readStoredSigningKeys(value: unknown): StoredSigningKey[] {
  return rows.parse(value);
}
