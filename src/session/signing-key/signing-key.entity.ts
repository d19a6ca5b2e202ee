import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../../platform/database/default-schema.js';

/** A key of access tokens. What it may do at a moment follows from its times alone: see signing-key-state.ts. */
@Entity({ name: 'signing_keys', schema: DEFAULT_SCHEMA })
export class SigningKey {
  /** The key's thumbprint (RFC 7638). */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'signing_keys_pkey' })
  kid!: string;

  @Column({ type: 'jsonb', name: 'public_jwk' })
  publicJwk!: object;

  /** Never in clear; null: wiped, as the key is retired or revoked. */
  @Column({ type: 'text', name: 'sealed_private_key', nullable: true })
  sealedPrivateKey!: string | null;

  /** The name of the key that encrypts the private part. */
  @Column({ type: 'text', name: 'sealed_under', nullable: true })
  sealedUnder!: string | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'activates_at' })
  activatesAt!: Date;

  /** When its successor takes over; null: there is none yet. */
  @Column({ type: 'timestamptz', name: 'signs_until', nullable: true })
  signsUntil!: Date | null;

  @Column({ type: 'timestamptz', name: 'verifies_until', nullable: true })
  verifiesUntil!: Date | null;

  @Column({ type: 'timestamptz', name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
