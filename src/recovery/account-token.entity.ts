import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../platform/database/default-schema.js';

/** What a mailed link is good for, and for whom. The link itself can't be made of it. */
@Entity({ name: 'account_tokens', schema: DEFAULT_SCHEMA })
@Index('account_tokens_user_id_index', ['userId'])
@Index('account_tokens_expires_at_index', ['expiresAt'])
export class AccountTokenRow {
  /** SHA-256: of 256 random bits, nothing slower is needed. */
  @PrimaryColumn({ type: 'bytea', name: 'token_hash', primaryKeyConstraintName: 'account_tokens_pkey' })
  tokenHash!: Buffer;

  /** Of the account, or of the one that a pending registration will make. */
  @Column({ type: 'uuid', name: 'user_id' })
  userId!: string;

  @Column({ type: 'text' })
  purpose!: string;

  /** Where the link was mailed to, in canonical form; it proves that address and no other. */
  @Column({ type: 'text' })
  address!: string;

  /** The mail that bears the link: of one that is tried again there may be several. */
  @Column({ type: 'uuid', name: 'mail_id' })
  mailId!: string;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt!: Date;

  /** When it was used or became void. */
  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
