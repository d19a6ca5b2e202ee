import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType('Session', { description: 'Being signed in on one device. It goes on as long as it is refreshed.' })
export class SessionType {
  @Field(() => ID, { description: 'Stands for the session (UUIDv7); claim sid of its access tokens.' })
  id!: string;

  @Field(() => Boolean, {
    description: 'Whether it is the session of the access token on this request, or of this AuthPayload.',
  })
  current!: boolean;

  @Field(() => Date, { description: 'When the user signed in.' })
  createdAt!: Date;

  @Field(() => Date, { description: 'When it was last refreshed or, to the minute, an access token of it was used.' })
  lastUsedAt!: Date;

  @Field(() => Date, { description: 'When it ends unless it is refreshed before.' })
  expiresAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'What the client called itself at the last refresh (header User-Agent), cut at 512 characters.',
  })
  userAgent!: string | null;

  @Field(() => String, { nullable: true, description: "The client's address at the last refresh." })
  ipAddress!: string | null;
}
