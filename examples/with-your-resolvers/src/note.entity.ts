import { UserEntity } from 'gatehouse';
import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/** A note and whose it is. */
@Entity({ name: 'notes' })
@Index('notes_owner_id_index', ['ownerId'])
export class Note {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'notes_pkey' })
  id!: string;

  @ForeignKey(() => UserEntity, { name: 'notes_owner_id_fkey', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'owner_id' })
  ownerId!: string;

  @Column({ type: 'text' })
  text!: string;

  @Column({ type: 'timestamptz', name: 'written_at' })
  writtenAt!: Date;
}
