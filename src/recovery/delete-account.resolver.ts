import { Ctx, Mutation, Resolver } from 'type-graphql';
import type { GatewayContext } from '../graphql/context.js';
import { Authorized } from '../graphql/policy/authorized.js';
import type { DeleteAccount } from './delete-account.js';
import { RECENT_SIGN_IN_SECONDS } from './recent-sign-in.js';

@Resolver()
export class DeleteAccountResolver {
  constructor(private readonly useCase: DeleteAccount) {}

  @Authorized({ maxAgeSeconds: RECENT_SIGN_IN_SECONDS })
  @Mutation(() => Boolean, {
    description:
      "Deletes the viewer's account for ever: every session ends, and the address is free for anybody to register. What " +
      'the audit trail says of them keeps no personal data. Always true. Needs a password shown in the last 10 minutes: ' +
      'else FORBIDDEN with reason STALE_AUTHENTICATION, and reauthenticate is the way on.',
  })
  async deleteAccount(@Ctx() client: GatewayContext): Promise<boolean> {
    const identity = await client.auth.requireAuth();
    await this.useCase({ identity, client });
    return true;
  }
}
