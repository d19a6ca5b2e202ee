import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../../platform/database/default-schema.js';

/** An account that is made once its address is proved. There may be several for one address: each link opens its own. */
@Entity({ name: 'pending_registrations', schema: DEFAULT_SCHEMA })
@Index('pending_registrations_email_index', ['email'])
@Index('pending_registrations_expires_at_index', ['expiresAt'])
export class PendingRegistration {
  /** The id that the user will have. */
  @PrimaryColumn({ type: 'uuid', name: 'user_id', primaryKeyConstraintName: 'pending_registrations_pkey' })
  userId!: string;

  /** In canonical form, as in `user_emails`. */
  @Column({ type: 'text' })
  email!: string;

  @Column({ type: 'text', name: 'password_hash' })
  passwordHash!: string;

  @Column({ type: 'text', nullable: true })
  language!: string | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt!: Date;
}
