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

  /** Grows with every change of the password, never with a mere new hash of it; device tokens carry it. */
  @Column({ type: 'integer', name: 'password_version', default: 1 })
  passwordVersion!: number;

  /** BCP 47, as the request asked that made the account; null: not known. */
  @Column({ type: 'text', nullable: true })
  language!: string | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
