import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../database/default-schema.js';

/** How often something was tried in the window that runs. Whose tries these are can't be read from it. */
@Entity({ name: 'limit_counters', schema: DEFAULT_SCHEMA })
@Index('limit_counters_expires_at_index', ['expiresAt'])
export class LimitCounter {
  /** An HMAC over the limit and its key, under a secret that the database does not hold. */
  @PrimaryColumn({ type: 'bytea', primaryKeyConstraintName: 'limit_counters_pkey' })
  hash!: Buffer;

  @Column({ type: 'integer' })
  points!: number;

  /** When the window ends; a try after that begins the next. */
  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt!: Date;
}
