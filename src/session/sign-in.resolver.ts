import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { AuthState, Identity } from '../graphql/auth-state.js';
import type { GatewayContext } from '../graphql/context.js';
import { badUserInput, unauthenticated } from '../graphql/errors.js';
import { Public } from '../graphql/public.js';
import { toAuthPayload } from './auth-payload.js';
import type { Login } from './login.js';
import type { Logout } from './logout.js';
import type { Refresh } from './refresh.js';
import type { Register } from './register.js';
import {
  AuthPayloadType,
  EmailTakenType,
  InvalidCredentialsType,
  LoginInput,
  LoginResult,
  type PasswordWeaknessEnum,
  RegisterInput,
  RegisterResult,
  TokenDeliveryEnum,
  WeakPasswordType,
} from './sign-in.type.js';

const MALFORMED_TEXT = {
  email: 'The e-mail address is malformed.',
  password: 'The password holds a character that can not be typed.',
};

@Resolver()
export class SignInResolver {
  constructor(private readonly useCases: { register: Register; login: Login; refresh: Refresh; logout: Logout }) {}

  @Public()
  @Mutation(() => RegisterResult, { description: 'Makes an account and signs it in.' })
  async register(
    @Arg('input', () => RegisterInput, { description: 'The new account.' }) input: RegisterInput,
    @Ctx() client: GatewayContext,
  ): Promise<typeof RegisterResult> {
    assertBodyDelivery(input.tokenDelivery);
    const { email, password } = input;
    const outcome = await this.useCases.register({ email, password, tokenDelivery: 'BODY', client });
    switch (outcome.kind) {
      case 'registered':
        return toAuthPayload(outcome.answer);
      case 'email_taken':
        return new EmailTakenType();
      case 'weak_password':
        return Object.assign(new WeakPasswordType(), { reasons: outcome.reasons as PasswordWeaknessEnum[] });
      case 'malformed':
        throw malformed(outcome.argument);
    }
  }

  @Public()
  @Mutation(() => LoginResult, { description: 'Begins a session.' })
  async login(
    @Arg('input', () => LoginInput, { description: 'Who signs in.' }) input: LoginInput,
    @Ctx() client: GatewayContext,
  ): Promise<typeof LoginResult> {
    assertBodyDelivery(input.tokenDelivery);
    const { email, password } = input;
    const outcome = await this.useCases.login({ email, password, tokenDelivery: 'BODY', client });
    switch (outcome.kind) {
      case 'logged_in':
        return toAuthPayload(outcome.answer);
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
      'SERVICE_UNAVAILABLE: the same token works later.',
  })
  async refreshToken(
    @Arg('refreshToken', () => String, {
      nullable: true,
      description: 'Without it, the refresh token is taken from the cookie.',
    })
    refreshToken: string | null | undefined,
    @Ctx() client: GatewayContext,
  ): Promise<AuthPayloadType> {
    if (refreshToken === null || refreshToken === undefined) throw unauthenticated('NO_TOKEN');
    const outcome = await this.useCases.refresh({ refreshToken, tokenDelivery: 'BODY', client });
    if (outcome.kind === 'refused') throw unauthenticated('INVALID_GRANT');
    return toAuthPayload(outcome.answer);
  }

  @Public()
  @Mutation(() => Boolean, {
    description:
      'Ends the session of the refresh token (argument, else cookie) where that is genuine and its session alive, ' +
      'otherwise that of the access token. Idempotent; tells nothing: always true.',
  })
  async logout(
    @Arg('refreshToken', () => String, { nullable: true, description: 'A refresh token of the session, of any age.' })
    refreshToken: string | null | undefined,
    @Ctx() client: GatewayContext,
  ): Promise<boolean> {
    const identity = whoLogsOut(client.auth);
    await this.useCases.logout({ refreshToken: refreshToken ?? null, identity, client });
    return true;
  }
}

/** An access token that is merely out of date may still end its session. */
function whoLogsOut(auth: AuthState): Identity | null {
  if (auth.state === 'anonymous') return null;
  return auth.state === 'rejected' ? (auth.formerIdentity ?? null) : auth.identity;
}

function assertBodyDelivery(tokenDelivery: TokenDeliveryEnum): void {
  if (tokenDelivery === TokenDeliveryEnum.BODY) return;
  throw badUserInput({ message: 'Cookie delivery is not offered.', argument: ['input', 'tokenDelivery'] });
}

function malformed(argument: keyof typeof MALFORMED_TEXT) {
  return badUserInput({ message: MALFORMED_TEXT[argument], argument: ['input', argument] });
}
