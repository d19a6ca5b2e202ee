import { createUnionType, Field, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { FailureType } from '../graphql/failure.type.js';
import type { PasswordWeakness } from '../user/password/password-policy.js';
import { UserType } from '../user/user.type.js';
import { SessionType } from './session.type.js';

export enum TokenDeliveryEnum {
  BODY = 'BODY',
  COOKIE = 'COOKIE',
}
registerEnumType(TokenDeliveryEnum, {
  name: 'TokenDelivery',
  description: 'Where the refresh token goes.',
  valuesConfig: {
    BODY: { description: 'Into the payload: for native apps and servers, which have a safe place for it.' },
    COOKIE: {
      description:
        'Into an httpOnly cookie: for browsers, where script must not be able to read it. For pages whose Origin is in ' +
        "ALLOWED_ORIGINS or is PUBLIC_URL's; others get FORBIDDEN with reason ORIGIN_NOT_ALLOWED.",
    },
  },
});

export enum PasswordWeaknessEnum {
  TOO_SHORT = 'TOO_SHORT',
  TOO_LONG = 'TOO_LONG',
  COMMON = 'COMMON',
  CONTAINS_EMAIL = 'CONTAINS_EMAIL',
  BREACHED = 'BREACHED',
}
registerEnumType(PasswordWeaknessEnum, {
  name: 'PasswordWeakness',
  description: 'Why a password is refused. No kind of character is asked for.',
  valuesConfig: {
    TOO_SHORT: { description: 'Fewer characters than the minimum: 15 unless configured otherwise.' },
    TOO_LONG: { description: 'More than 256 characters.' },
    COMMON: { description: 'Among the commonly used passwords, or little more than one of them.' },
    CONTAINS_EMAIL: { description: 'It contains the part of the e-mail address before the @.' },
    BREACHED: {
      description:
        'It is known from a breach, where the gateway has a list of these to ask; told only of a password that is well otherwise.',
    },
  },
});

@InputType('RegisterInput', { description: 'A new account.' })
export class RegisterInput {
  @Field(() => String, {
    description: 'Spaces around it are cut, capitals made small; a malformed one is BAD_USER_INPUT.',
  })
  email!: string;

  @Field(() => String, {
    description:
      'From the minimum, 15 unless configured otherwise, to 256 characters of any kind, none of them a control character.',
  })
  password!: string;

  @Field(() => TokenDeliveryEnum, {
    defaultValue: TokenDeliveryEnum.BODY,
    description: 'Where the refresh token goes; fixed for the life of the session.',
  })
  tokenDelivery!: TokenDeliveryEnum;
}

@InputType('LoginInput', { description: 'What somebody signs in with.' })
export class LoginInput {
  @Field(() => String, { description: 'In any spelling that register takes; a malformed one is BAD_USER_INPUT.' })
  email!: string;

  @Field(() => String, { description: 'Compared exactly: capitals and spaces count.' })
  password!: string;

  @Field(() => TokenDeliveryEnum, {
    defaultValue: TokenDeliveryEnum.BODY,
    description: 'Where the refresh token goes; fixed for the life of the session.',
  })
  tokenDelivery!: TokenDeliveryEnum;

  @Field(() => String, {
    nullable: true,
    description:
      'The device token of an earlier sign-in on this device. One that is not good, or not any more, is as none. Without it, ' +
      'in cookie delivery, those of the cookie count.',
  })
  deviceToken: string | null | undefined;
}

@ObjectType('AuthPayload', { description: 'The tokens of a session (RFC 6749 5.1), and whose it is.' })
export class AuthPayloadType {
  readonly __typename = 'AuthPayload';

  @Field(() => String, {
    description: 'A JWT (RFC 9068) for the header `Authorization: Bearer …`; verified without the database.',
  })
  accessToken!: string;

  @Field(() => String, { description: 'Always Bearer.' })
  tokenType!: string;

  @Field(() => Int, { description: 'Seconds until the access token expires, as of this answer.' })
  expiresIn!: number;

  @Field(() => String, {
    nullable: true,
    description: 'Good for one refresh, which answers the next. Opaque. null in cookie delivery.',
  })
  refreshToken!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Answered by a sign-in. Kept by the client, it says at the next login that this device is known to the user: its tries ' +
      'count apart from those of strangers. Void once the password changes. null in cookie delivery, and where it is no sign-in.',
  })
  deviceToken!: string | null;

  @Field(() => Date, { description: 'When the session ends unless it is refreshed before.' })
  refreshTokenExpiresAt!: Date;

  @Field(() => SessionType, { description: 'The session that the tokens belong to.' })
  session!: SessionType;

  @Field(() => UserType, { description: 'Whose session it is.' })
  user!: UserType;
}

@ObjectType('InvalidCredentials', {
  implements: FailureType,
  description: 'The e-mail address and the password do not belong together; it is not told which is wrong.',
})
export class InvalidCredentialsType extends FailureType {
  readonly __typename = 'InvalidCredentials';
  override message = 'The e-mail address or the password is wrong.';
}

@ObjectType('EmailTaken', { implements: FailureType, description: 'Somebody has registered with this address.' })
export class EmailTakenType extends FailureType {
  readonly __typename = 'EmailTaken';
  override message = 'This e-mail address is registered already.';
}

@ObjectType('WeakPassword', { implements: FailureType, description: 'The password is too easy to guess.' })
export class WeakPasswordType extends FailureType {
  readonly __typename = 'WeakPassword';
  override message = 'Choose another password.';

  @Field(() => [PasswordWeaknessEnum], { description: 'Every reason, never none.' })
  reasons!: PasswordWeaknessEnum[];
}

export function weakPassword(reasons: readonly PasswordWeakness[]): WeakPasswordType {
  return Object.assign(new WeakPasswordType(), { reasons: reasons as PasswordWeaknessEnum[] });
}

@ObjectType('VerificationRequired', {
  description:
    'A mail is on its way to the address, whoever has it: with a link for verifyEmail where the address is free, else ' +
    'with word of this attempt. Which of them is not told.',
})
export class VerificationRequiredType {
  readonly __typename = 'VerificationRequired';

  @Field(() => String, { description: 'Where the mail goes: the address in its canonical form.' })
  email!: string;
}

const resolveType = (value: { __typename: string }) => value.__typename;

export const RegisterResult = createUnionType({
  name: 'RegisterResult',
  description:
    'The new account, signed in; or why there is none. Which members can come depends on the setting REGISTRATION: ' +
    'VerificationRequired where it is verified, AuthPayload and EmailTaken where it is open.',
  types: () => [AuthPayloadType, EmailTakenType, WeakPasswordType, VerificationRequiredType] as const,
  resolveType,
});

export const LoginResult = createUnionType({
  name: 'LoginResult',
  description: 'A new session; or why there is none.',
  types: () => [AuthPayloadType, InvalidCredentialsType] as const,
  resolveType,
});
