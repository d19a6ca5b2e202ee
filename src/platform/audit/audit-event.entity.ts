import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { DEFAULT_SCHEMA } from '../database/default-schema.js';

/** Something that security staff may have to look up later. Rows hold no secret and are never changed. */
@Entity({ name: 'audit_events', schema: DEFAULT_SCHEMA })
@Index('audit_events_at_index', ['at'])
export class AuditEvent {
  /** The nil UUID where no user is known. */
  @PrimaryColumn({ type: 'uuid', name: 'user_id', primaryKeyConstraintName: 'audit_events_pkey' })
  userId!: string;

  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'audit_events_pkey' })
  id!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;

  @Column({ type: 'text' })
  kind!: string;

  @Column({ type: 'text', nullable: true })
  cause!: string | null;

  @Column({ type: 'text', name: 'request_id', nullable: true })
  requestId!: string | null;

  @Column({ type: 'uuid', name: 'session_id', nullable: true })
  sessionId!: string | null;

  @Column({ type: 'text', name: 'ip_address', nullable: true })
  ipAddress!: string | null;

  @Column({ type: 'text', name: 'user_agent', nullable: true })
  userAgent!: string | null;
}
