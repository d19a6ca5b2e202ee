import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GatewayContext } from '../graphql/context.js';
import { badUserInput, unauthenticated } from '../graphql/errors.js';
import { Public } from '../graphql/public.js';
import { MALFORMED_TEXT } from '../session/malformed-text.js';
import { InvalidCredentialsType, weakPassword } from '../session/sign-in.type.js';
import type { ChangePassword } from './change-password.js';
import type { DeliverDeviceToken } from './deliver-device-token.js';
import { resetAnswer, untypable } from './new-password-answer.js';
import { ChangePasswordResult, PasswordChangedType, ResetPasswordInput, ResetPasswordResult } from './recovery.type.js';
import type { RequestPasswordReset } from './request-password-reset.js';
import type { ResetPassword } from './reset-password.js';

interface UseCases {
  requestPasswordReset: RequestPasswordReset;
  resetPassword: ResetPassword;
  changePassword: ChangePassword;
}

@Resolver()
export class PasswordResolver {
  constructor(private readonly needs: { useCases: UseCases; deliverDeviceToken: DeliverDeviceToken }) {}

  @Public()
  @Mutation(() => Boolean, {
    description:
      'Mails a link for resetPassword to the address, good for 10 minutes, where somebody has an account with it. ' +
      'Always true, after the same work, so that it tells nobody who has one; BAD_USER_INPUT for a malformed address. ' +
      'A repeat within a minute sends nothing.',
  })
  async requestPasswordReset(
    @Arg('email', () => String, { description: 'In any spelling that register takes.' }) email: string,
    @Ctx() client: GatewayContext,
  ): Promise<boolean> {
    const outcome = await this.needs.useCases.requestPasswordReset({ email, client });
    if (outcome.kind === 'malformed') throw badUserInput({ message: MALFORMED_TEXT.email, argument: ['email'] });
    return true;
  }

  @Public()
  @Mutation(() => ResetPasswordResult, {
    description:
      'Replaces the password of the account whose address the link was mailed to. Every session of it ends, every ' +
      'other link is void, and the address counts as verified. It signs nobody in: login comes next.',
  })
  async resetPassword(
    @Arg('input', () => ResetPasswordInput, { description: 'The link and the new password.' })
    input: ResetPasswordInput,
    @Ctx() client: GatewayContext,
  ): Promise<typeof ResetPasswordResult> {
    const { token, password, tokenDelivery } = input;
    const deliver = this.needs.deliverDeviceToken({ tokenDelivery, client });
    const outcome = await this.needs.useCases.resetPassword({ token, password, client });
    return resetAnswer(outcome, deliver);
  }

  @Mutation(() => ChangePasswordResult, {
    description:
      "Replaces the viewer's password. Their other sessions end, links that were mailed before are void; this session " +
      'goes on. Tries are limited.',
  })
  async changePassword(
    @Arg('currentPassword', () => String, { description: 'Compared exactly: capitals and spaces count.' })
    currentPassword: string,
    @Arg('newPassword', () => String, { description: 'The rules are those of register.' }) newPassword: string,
    @Ctx() client: GatewayContext,
  ): Promise<typeof ChangePasswordResult> {
    const identity = await client.auth.requireAuth();
    const outcome = await this.needs.useCases.changePassword({ identity, currentPassword, newPassword, client });
    switch (outcome.kind) {
      case 'changed':
        return Object.assign(new PasswordChangedType(), {
          endedSessions: outcome.endedSessions,
          deviceToken: this.needs.deliverDeviceToken({ tokenDelivery: outcome.tokenDelivery, client })({
            userId: identity.userId,
            passwordVersion: outcome.passwordVersion,
          }),
        });
      case 'invalid_credentials':
        return Object.assign(new InvalidCredentialsType(), { message: 'The password is wrong.' });
      case 'weak_password':
        return weakPassword(outcome.reasons);
      case 'malformed':
        throw untypable(['newPassword']);
      case 'session_ended':
        throw unauthenticated('SESSION_ENDED');
    }
  }
}
