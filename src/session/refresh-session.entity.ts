import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../platform/database/default-schema.js';
import { User } from '../user/user.entity.js';

/**
 * Somebody being signed in on one device. The row never holds a token: with the salt and a server secret, the
 * token of every generation can be derived, and with either alone none.
 *
 * No index covers a column that a rotation changes, so that PostgreSQL updates the row in place (HOT).
 */
@Entity({ name: 'refresh_sessions', schema: DEFAULT_SCHEMA })
@Index('refresh_sessions_absolute_expires_at_index', ['absoluteExpiresAt'])
export class RefreshSession {
  @ForeignKey(() => User, { name: 'refresh_sessions_user_id_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'uuid', name: 'user_id', primaryKeyConstraintName: 'refresh_sessions_pkey' })
  userId!: string;

  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'refresh_sessions_pkey' })
  id!: string;

  /** 32 random bytes from which, with a server secret, the key of the token's MAC comes. */
  @Column({ type: 'bytea' })
  salt!: Buffer;

  /** Counts rotations, from 0. */
  @Column({ type: 'integer' })
  generation!: number;

  /** The newest generation whose access token has been seen in use. */
  @Column({ type: 'integer', name: 'confirmed_generation' })
  confirmedGeneration!: number;

  /** The last generation that was handed out once more as a lost answer; -1: none. */
  @Column({ type: 'integer', name: 'late_answered_generation' })
  lateAnsweredGeneration!: number;

  /** How many generations in a row, up to that one, were answered late. */
  @Column({ type: 'integer', name: 'late_answers_in_row' })
  lateAnswersInRow!: number;

  /** When the refreshes that are counted for its limit began; null: there was none yet. */
  @Column({ type: 'timestamptz', name: 'refreshes_counted_from', nullable: true })
  refreshesCountedFrom!: Date | null;

  /** How many there were since then. */
  @Column({ type: 'integer', name: 'refreshes_counted', default: 0 })
  refreshesCounted!: number;

  /** BODY or COOKIE: how the refresh token travels, fixed at login. */
  @Column({ type: 'text', name: 'token_delivery' })
  tokenDelivery!: string;

  /** How the user proved who they are (claim `amr`, RFC 8176). */
  @Column({ type: 'text', array: true })
  amr!: string[];

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  /** When a credential was last checked (claim `auth_time`). */
  @Column({ type: 'timestamptz', name: 'authenticated_at' })
  authenticatedAt!: Date;

  /** When the current generation began. */
  @Column({ type: 'timestamptz', name: 'rotated_at' })
  rotatedAt!: Date;

  @Column({ type: 'timestamptz', name: 'last_used_at' })
  lastUsedAt!: Date;

  /** The earlier of the idle end, which every rotation moves, and the absolute end. */
  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt!: Date;

  /** Copied from login to the end, never extended. */
  @Column({ type: 'timestamptz', name: 'absolute_expires_at' })
  absoluteExpiresAt!: Date;

  @Column({ type: 'timestamptz', name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  @Column({ type: 'text', name: 'end_cause', nullable: true })
  endCause!: string | null;

  @Column({ type: 'text', name: 'user_agent', nullable: true })
  userAgent!: string | null;

  @Column({ type: 'text', name: 'ip_address', nullable: true })
  ipAddress!: string | null;
}
