import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../platform/database/default-schema.js';

/** An e-mail address and whose it is; a table of its own, so that `users` can be spread by user id. */
@Entity({ name: 'user_emails', schema: DEFAULT_SCHEMA })
@Index('user_emails_user_id_index', ['userId'])
@Index('user_emails_reserved_for_index', ['reservedFor'], { where: 'reserved_for IS NOT NULL' })
export class UserEmail {
  /** In canonical form: lower case, the domain in punycode. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'user_emails_pkey' })
  email!: string;

  /** null: nobody's, and kept for whom it was taken from. */
  @Column({ type: 'uuid', name: 'user_id', nullable: true })
  userId!: string | null;

  @Column({ type: 'boolean' })
  verified!: boolean;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  /** The user who may have it back. */
  @Column({ type: 'uuid', name: 'reserved_for', nullable: true })
  reservedFor!: string | null;

  /** From then on anybody may have it. */
  @Column({ type: 'timestamptz', name: 'reserved_until', nullable: true })
  reservedUntil!: Date | null;
}
