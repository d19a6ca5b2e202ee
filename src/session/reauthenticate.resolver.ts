import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GatewayContext } from '../graphql/context.js';
import { unauthenticated } from '../graphql/errors.js';
import { toAuthPayload } from './auth-payload.js';
import type { Reauthenticate } from './reauthenticate.js';
import { ReauthenticateResult } from './reauthenticate.type.js';
import { InvalidCredentialsType } from './sign-in.type.js';

@Resolver()
export class ReauthenticateResolver {
  constructor(private readonly useCase: Reauthenticate) {}

  @Mutation(() => ReauthenticateResult, {
    description:
      'Shows the password once more where a field answers FORBIDDEN with reason STALE_AUTHENTICATION. The session goes ' +
      'on with its refresh token: the answer has a new access token, and refreshToken null. Claim auth_time is now, in ' +
      'later tokens of the session, too.',
  })
  async reauthenticate(
    @Arg('password', () => String, { description: "The viewer's. Compared exactly: capitals and spaces count." })
    password: string,
    @Ctx() client: GatewayContext,
  ): Promise<typeof ReauthenticateResult> {
    const identity = await client.auth.requireAuth();
    const outcome = await this.useCase({ identity, password, client });
    switch (outcome.kind) {
      case 'reauthenticated':
        return toAuthPayload({ ...outcome.answer, refreshToken: null });
      case 'invalid_credentials':
        return Object.assign(new InvalidCredentialsType(), { message: 'The password is wrong.' });
      case 'session_ended':
        throw unauthenticated('SESSION_ENDED');
    }
  }
}
