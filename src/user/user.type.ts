import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType('User', { description: 'Somebody who can sign in.' })
export class UserType {
  @Field(() => ID, { description: 'Stands for the user for ever (UUIDv7); the subject of their access tokens.' })
  id!: string;

  @Field(() => String, { description: 'The address they sign in with, in its canonical form: lower case.' })
  email!: string;

  @Field(() => Boolean, { description: 'Whether they have shown that mail to the address reaches them.' })
  emailVerified!: boolean;

  @Field(() => [String], { description: 'What they may do beyond every user. New users have none.' })
  roles!: readonly string[];

  @Field(() => Date, { description: 'When they registered.' })
  createdAt!: Date;
}
