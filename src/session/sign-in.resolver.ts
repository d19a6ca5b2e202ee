import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GatewayContext } from '../graphql/context.js';
import { badUserInput, forbidden, unauthenticated } from '../graphql/errors.js';
import { Public } from '../graphql/public.js';
import type { CookieDelivery } from './cookie-delivery.js';
import type { Login } from './login.js';
import type { Logout } from './logout.js';
import { MALFORMED_TEXT } from './malformed-text.js';
import type { Refresh } from './refresh.js';
import type { Register } from './register.js';
import {
  AuthPayloadType,
  EmailTakenType,
  InvalidCredentialsType,
  LoginInput,
  LoginResult,
  RegisterInput,
  RegisterResult,
  VerificationRequiredType,
  weakPassword,
} from './sign-in.type.js';

interface UseCases {
  register: Register;
  login: Login;
  refresh: Refresh;
  logout: Logout;
}

@Resolver()
export class SignInResolver {
  private readonly useCases: UseCases;
  private readonly cookieDelivery: CookieDelivery;

  constructor({ useCases, cookieDelivery }: { useCases: UseCases; cookieDelivery: CookieDelivery }) {
    this.useCases = useCases;
    this.cookieDelivery = cookieDelivery;
  }

  @Public()
  @Mutation(() => RegisterResult, {
    description:
      'Makes an account and signs it in, and mails a link to verify the address (REGISTRATION=open). Where ' +
      'REGISTRATION=verified, every address is answered VerificationRequired, and the link of the mail, with this ' +
      'password, makes the account (verifyEmail). Where it is closed, FORBIDDEN. In cookie delivery, FORBIDDEN with ' +
      'reason ORIGIN_NOT_ALLOWED to a page that may not use it; a success ends the session whose cookie it ' +
      'replaces. RATE_LIMITED: too many from this network.',
  })
  async register(
    @Arg('input', () => RegisterInput, { description: 'The new account.' }) input: RegisterInput,
    @Ctx() client: GatewayContext,
  ): Promise<typeof RegisterResult> {
    const { email, password, tokenDelivery } = input;
    const replacedTokens = this.cookieDelivery.replacedBySignIn({ tokenDelivery, client });
    const { mailLanguage: language } = client;
    const outcome = await this.useCases.register({ email, password, tokenDelivery, replacedTokens, language, client });
    switch (outcome.kind) {
      case 'registered':
        return this.cookieDelivery.deliver({ ...outcome, tokenDelivery, client });
      case 'verification_required':
        return Object.assign(new VerificationRequiredType(), { email: outcome.email });
      case 'closed':
        throw forbidden();
      case 'email_taken':
        return new EmailTakenType();
      case 'weak_password':
        return weakPassword(outcome.reasons);
      case 'malformed':
        throw malformed(outcome.argument);
    }
  }

  @Public()
  @Mutation(() => LoginResult, {
    description:
      'Begins a session. In cookie delivery, FORBIDDEN with reason ORIGIN_NOT_ALLOWED to a page that may not use it; ' +
      'a success ends the session whose cookie it replaces. RATE_LIMITED: too many tries for this account or from this ' +
      'network; tries on a known device are counted apart.',
  })
  async login(
    @Arg('input', () => LoginInput, { description: 'Who signs in.' }) input: LoginInput,
    @Ctx() client: GatewayContext,
  ): Promise<typeof LoginResult> {
    const { email, password, tokenDelivery, deviceToken: argument } = input;
    const replacedTokens = this.cookieDelivery.replacedBySignIn({ tokenDelivery, client });
    const deviceTokens = this.cookieDelivery.presentedDevices({ argument, tokenDelivery, client });
    const signIn = { email, password, tokenDelivery, replacedTokens, deviceTokens, client };
    const outcome = await this.useCases.login(signIn);
    switch (outcome.kind) {
      case 'logged_in':
        return this.cookieDelivery.deliver({ ...outcome, tokenDelivery, client });
      case 'invalid_credentials':
        return new InvalidCredentialsType();
      case 'malformed':
        throw malformed(outcome.argument);
    }
  }

  @Public()
  @Mutation(() => AuthPayloadType, {
    description:
      'Exchanges a refresh token for the next one and an access token. The same token may be sent again where the ' +
      'answer was lost. UNAUTHENTICATED with reason INVALID_GRANT: sign in again; NO_TOKEN: there was none; ' +
      'SERVICE_UNAVAILABLE and RATE_LIMITED: the same token works later. By cookie, FORBIDDEN with reason ORIGIN_NOT_ALLOWED: the page ' +
      'may not use it; every success sets the cookie anew, no failure changes it.',
  })
  async refreshToken(
    @Arg('refreshToken', () => String, {
      nullable: true,
      description:
        'Without it, the refresh token is taken from the cookie; beside it, no cookie is looked at. A token is good ' +
        'only the way it was delivered.',
    })
    refreshToken: string | null | undefined,
    @Ctx() client: GatewayContext,
  ): Promise<AuthPayloadType> {
    const presented = this.cookieDelivery.presented({ argument: refreshToken, client });
    if (presented.refreshToken === null) throw unauthenticated('NO_TOKEN');
    const tokenDelivery = presented.from === 'cookie' ? 'COOKIE' : 'BODY';
    const outcome = await this.useCases.refresh({ refreshToken: presented.refreshToken, tokenDelivery, client });
    if (outcome.kind === 'refused') throw unauthenticated('INVALID_GRANT');
    return this.cookieDelivery.deliver({ answer: outcome.answer, tokenDelivery, client });
  }

  @Public()
  @Mutation(() => Boolean, {
    description:
      'Ends the session of the refresh token (argument, else cookie) where that is genuine and its session alive, ' +
      'otherwise that of the access token. Idempotent; tells nothing: always true. Without the argument it clears the ' +
      'cookie, if the request bears one; FORBIDDEN with reason ORIGIN_NOT_ALLOWED where the page may not use it.',
  })
  async logout(
    @Arg('refreshToken', () => String, { nullable: true, description: 'A refresh token of the session, of any age.' })
    refreshToken: string | null | undefined,
    @Ctx() client: GatewayContext,
  ): Promise<boolean> {
    const presented = this.cookieDelivery.presented({ argument: refreshToken, client });
    // An access token that is merely out of date may still end its session.
    const identity = client.auth.tokenIdentity;
    await this.useCases.logout({ refreshToken: presented.refreshToken, identity, client });
    if (presented.from === 'cookie') this.cookieDelivery.clear(client);
    return true;
  }
}

function malformed(argument: keyof typeof MALFORMED_TEXT) {
  return badUserInput({ message: MALFORMED_TEXT[argument], argument: ['input', argument] });
}
