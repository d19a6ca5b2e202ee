import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../platform/database/default-schema.js';

/** Somebody who can sign in. */
@Entity({ name: 'users', schema: DEFAULT_SCHEMA })
export class User {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'users_pkey' })
  id!: string;

  /** Upper-case names; ADMIN is the only one with a built-in meaning. */
  @Column({ type: 'text', array: true })
  roles!: string[];

  /** bcrypt-sha256 as passlib documents it, or a plain bcrypt hash brought along; null: no password. */
  @Column({ type: 'text', name: 'password_hash', nullable: true })
  passwordHash!: string | null;

  /** Grows with every change of roles or state; access tokens carry it (claim `epoch`). */
  @Column({ type: 'integer', name: 'auth_epoch' })
  authEpoch!: number;

  @Column({ type: 'timestamptz', name: 'disabled_at', nullable: true })
  disabledAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
