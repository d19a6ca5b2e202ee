import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../platform/database/default-schema.js';

/** An e-mail address and whose it is; a table of its own, so that `users` can be spread by user id. */
@Entity({ name: 'user_emails', schema: DEFAULT_SCHEMA })
@Index('user_emails_user_id_index', ['userId'])
export class UserEmail {
  /** In canonical form: lower case, the domain in punycode. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'user_emails_pkey' })
  email!: string;

  @Column({ type: 'uuid', name: 'user_id' })
  userId!: string;

  @Column({ type: 'boolean' })
  verified!: boolean;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
