import { createUnionType } from 'type-graphql';
import { AuthPayloadType, InvalidCredentialsType } from './sign-in.type.js';

export const ReauthenticateResult = createUnionType({
  name: 'ReauthenticateResult',
  description: 'The same session with a recent sign-in; or that the password was wrong.',
  types: () => [AuthPayloadType, InvalidCredentialsType] as const,
  resolveType: (value: { __typename: string }) => value.__typename,
});
