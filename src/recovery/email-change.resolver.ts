import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GatewayContext } from '../graphql/context.js';
import { badUserInput } from '../graphql/errors.js';
import { Authorized } from '../graphql/policy/authorized.js';
import { Public } from '../graphql/public.js';
import { MALFORMED_TEXT } from '../session/malformed-text.js';
import { EmailTakenType, InvalidCredentialsType } from '../session/sign-in.type.js';
import type { ConfirmEmailChange } from './confirm-email-change.js';
import type { DeliverDeviceToken } from './deliver-device-token.js';
import { resetAnswer } from './new-password-answer.js';
import { RECENT_SIGN_IN_SECONDS } from './recent-sign-in.js';
import {
  ConfirmEmailChangeResult,
  EmailChangedType,
  LinkExpiredType,
  PasswordRequiredType,
  UndoEmailChangeInput,
  UndoEmailChangeResult,
} from './recovery.type.js';
import type { RequestEmailChange } from './request-email-change.js';
import type { UndoEmailChange } from './undo-email-change.js';
import { viewerOf } from './viewer-of.js';

interface UseCases {
  requestEmailChange: RequestEmailChange;
  confirmEmailChange: ConfirmEmailChange;
  undoEmailChange: UndoEmailChange;
}

@Resolver()
export class EmailChangeResolver {
  constructor(private readonly needs: { useCases: UseCases; deliverDeviceToken: DeliverDeviceToken }) {}

  @Authorized({ maxAgeSeconds: RECENT_SIGN_IN_SECONDS })
  @Mutation(() => Boolean, {
    description:
      'Mails a link for confirmEmailChange to the new address, good for 24 hours; until it is used, the account keeps ' +
      'its address. Always true for a well-formed address, taken or not; BAD_USER_INPUT for a malformed one. Needs a ' +
      'password shown in the last 10 minutes: else FORBIDDEN with reason STALE_AUTHENTICATION, and reauthenticate is ' +
      'the way on. A repeat within a minute sends nothing.',
  })
  async requestEmailChange(
    @Arg('email', () => String, { description: 'The new address, in any spelling that register takes.' })
    email: string,
    @Ctx() client: GatewayContext,
  ): Promise<boolean> {
    const identity = await client.auth.requireAuth();
    const outcome = await this.needs.useCases.requestEmailChange({ identity, email, client });
    if (outcome.kind === 'malformed') throw malformed(MALFORMED_TEXT.email, ['email']);
    return true;
  }

  @Public()
  @Mutation(() => ConfirmEmailChangeResult, {
    description:
      'Gives the account the address that the link was mailed to. The link alone does nothing: it takes the password ' +
      'of the account, too, or a signed-in session of it (else whoever has an address mistyped here could take the ' +
      'account). A verified old address gets word of it, with a link for undoEmailChange, and is kept for the account ' +
      'for 7 days.',
  })
  async confirmEmailChange(
    @Arg('token', () => String, { description: 'What stands after #token= in the link of the mail; begins with gha_.' })
    token: string,
    @Arg('password', () => String, {
      nullable: true,
      description:
        'Of the account. Not needed in a signed-in session of it, which counts only where no password is sent. Tries ' +
        'are limited.',
    })
    password: string | null | undefined,
    @Ctx() client: GatewayContext,
  ): Promise<typeof ConfirmEmailChangeResult> {
    const outcome = await this.needs.useCases.confirmEmailChange({
      token,
      password: password ?? null,
      viewer: viewerOf(client),
      client,
    });
    switch (outcome.kind) {
      case 'changed':
        return Object.assign(new EmailChangedType(), { email: outcome.email });
      case 'link_expired':
        return new LinkExpiredType();
      case 'password_required':
        return new PasswordRequiredType();
      case 'invalid_credentials':
        return Object.assign(new InvalidCredentialsType(), { message: 'The password is wrong.' });
      case 'email_taken':
        return new EmailTakenType();
    }
  }

  @Public()
  @Mutation(() => UndoEmailChangeResult, {
    description:
      'Gives the account back the address that the link was mailed to, with a new password: whoever changed the address ' +
      'may know the old one. Every session ends; the address it was changed to, and those after it, are let go. The ' +
      'link alone is enough. It signs nobody in: login comes next.',
  })
  async undoEmailChange(
    @Arg('input', () => UndoEmailChangeInput, { description: 'The link and the new password.' })
    input: UndoEmailChangeInput,
    @Ctx() client: GatewayContext,
  ): Promise<typeof UndoEmailChangeResult> {
    const { token, password, tokenDelivery } = input;
    const deliver = this.needs.deliverDeviceToken({ tokenDelivery, client });
    const outcome = await this.needs.useCases.undoEmailChange({ token, password, client });
    return resetAnswer(outcome, deliver);
  }
}

function malformed(message: string, argument: readonly string[]) {
  return badUserInput({ message, argument });
}
