import { Field, InterfaceType } from 'type-graphql';

@InterfaceType('Failure', {
  description: 'Something a person can put right. Failures are data: they stand in unions beside the result.',
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class FailureType {
  @Field(() => String, { description: 'One English sentence, for a form that knows no better text of its own.' })
  message!: string;
}
