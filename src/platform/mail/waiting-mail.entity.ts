import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../database/default-schema.js';

/** A mail to be sent, written with the change that it tells of. Holds no token: that is made when the mail is. */
@Entity({ name: 'mail_outbox', schema: DEFAULT_SCHEMA })
@Index('mail_outbox_send_at_index', ['sendAt'], { where: 'done_at IS NULL' })
@Index('mail_outbox_address_index', ['address', 'kind'])
@Index('mail_outbox_done_at_index', ['doneAt'], { where: 'done_at IS NOT NULL' })
export class WaitingMail {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'mail_outbox_pkey' })
  id!: string;

  @Column({ type: 'text' })
  kind!: string;

  /** In canonical form, as in `user_emails`. */
  @Column({ type: 'text' })
  address!: string;

  /** null: whether somebody has this address is found out when the mail is made. */
  @Column({ type: 'uuid', name: 'user_id', nullable: true })
  userId!: string | null;

  /** BCP 47; null: the user's, else the gateway's. */
  @Column({ type: 'text', nullable: true })
  language!: string | null;

  /** What the text names beside: never a secret. */
  @Column({ type: 'jsonb' })
  details!: Record<string, string>;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  /** Not before; a claim moves it on, and so does each failure. */
  @Column({ type: 'timestamptz', name: 'send_at' })
  sendAt!: Date;

  @Column({ type: 'integer' })
  attempts!: number;

  @Column({ type: 'timestamptz', name: 'done_at', nullable: true })
  doneAt!: Date | null;

  /** What became of it, once it is done. */
  @Column({ type: 'text', nullable: true })
  result!: string | null;
}
