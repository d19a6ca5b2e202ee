import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType('Note', { description: 'A few words that somebody has written down.' })
export class NoteType {
  @Field(() => ID, { description: 'Stands for the note for ever.' })
  id!: string;

  @Field(() => String, { description: 'At most 1000 characters.' })
  text!: string;

  @Field(() => Date, { description: 'When it was written.' })
  writtenAt!: Date;

  /** Of use to the resolvers; not in the schema. */
  ownerId!: string;
}
