import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GatewayContext } from '../graphql/context.js';
import { Public } from '../graphql/public.js';
import { InvalidCredentialsType } from '../session/sign-in.type.js';
import { EmailVerifiedType, LinkExpiredType, PasswordRequiredType, VerifyEmailResult } from './recovery.type.js';
import type { RequestEmailVerification } from './request-email-verification.js';
import type { VerifyEmail } from './verify-email.js';
import { viewerOf } from './viewer-of.js';

@Resolver()
export class VerificationResolver {
  constructor(
    private readonly useCases: { requestEmailVerification: RequestEmailVerification; verifyEmail: VerifyEmail },
  ) {}

  @Mutation(() => Boolean, {
    description:
      "Mails a link for verifyEmail to the viewer's address, good for 24 hours. Always true, also where the address is " +
      'verified already; a repeat within a minute sends nothing.',
  })
  async requestEmailVerification(@Ctx() client: GatewayContext): Promise<boolean> {
    const identity = await client.auth.requireAuth();
    await this.useCases.requestEmailVerification({ identity, client });
    return true;
  }

  @Public()
  @Mutation(() => VerifyEmailResult, {
    description:
      'Shows that the mail has come. The link alone does nothing: it takes the password of the account, too, or a ' +
      'signed-in session of it (else whoever registers with your address could have you verify their account). Where ' +
      'REGISTRATION=verified, this makes the account that was registered for. It signs nobody in: login comes next.',
  })
  async verifyEmail(
    @Arg('token', () => String, { description: 'What stands after #token= in the link of the mail; begins with gha_.' })
    token: string,
    @Arg('password', () => String, {
      nullable: true,
      description:
        'The one that was registered with. Not needed in a signed-in session of the account, which counts only ' +
        'where no password is sent. Tries are limited.',
    })
    password: string | null | undefined,
    @Ctx() client: GatewayContext,
  ): Promise<typeof VerifyEmailResult> {
    const outcome = await this.useCases.verifyEmail({
      token,
      password: password ?? null,
      viewer: viewerOf(client),
      client,
    });
    switch (outcome.kind) {
      case 'verified':
        return Object.assign(new EmailVerifiedType(), { email: outcome.email });
      case 'link_expired':
        return new LinkExpiredType();
      case 'password_required':
        return new PasswordRequiredType();
      case 'invalid_credentials':
        return Object.assign(new InvalidCredentialsType(), { message: 'The password is wrong.' });
    }
  }
}
