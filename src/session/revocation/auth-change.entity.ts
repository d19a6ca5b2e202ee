import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../../platform/database/default-schema.js';

/**
 * The feed from which every process learns that a session has ended or that a user's roles or state have changed.
 * Without foreign keys, and purged by age alone: a row must outlive what it speaks of.
 */
@Entity({ name: 'auth_changes', schema: DEFAULT_SCHEMA })
@Index('auth_changes_at_index', ['at'])
export class AuthChange {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'auth_changes_pkey' })
  id!: string;

  @Column({ type: 'uuid', name: 'user_id' })
  userId!: string;

  /** The session that has ended; null: the user has changed. */
  @Column({ type: 'uuid', name: 'session_id', nullable: true })
  sessionId!: string | null;

  /** The user's new epoch, where the user has changed. */
  @Column({ type: 'integer', name: 'auth_epoch', nullable: true })
  authEpoch!: number | null;

  /** By the database's clock. */
  @Column({ type: 'timestamptz' })
  at!: Date;
}
