import { createUnionType, Field, InputType, Int, ObjectType } from 'type-graphql';
import { FailureType } from '../graphql/failure.type.js';
import {
  EmailTakenType,
  InvalidCredentialsType,
  TokenDeliveryEnum,
  WeakPasswordType,
} from '../session/sign-in.type.js';

const TOKEN_TEXT = 'What stands after #token= in the link of the mail; begins with gha_.';
const NEW_PASSWORD_TEXT = 'The new one; the rules are those of register.';
const DELIVERY_TEXT = 'Where the device token goes: as the tokens of a sign-in do.';
const DEVICE_TOKEN_TEXT =
  'Makes this device known at logins (LoginInput.deviceToken); those of before the change are void. null in cookie delivery.';

@InputType('ResetPasswordInput', { description: 'A forgotten password, replaced.' })
export class ResetPasswordInput {
  @Field(() => String, { description: `${TOKEN_TEXT} Good for 10 minutes, once.` })
  token!: string;

  @Field(() => String, { description: NEW_PASSWORD_TEXT })
  password!: string;

  @Field(() => TokenDeliveryEnum, { defaultValue: TokenDeliveryEnum.BODY, description: DELIVERY_TEXT })
  tokenDelivery!: TokenDeliveryEnum;
}

@InputType('UndoEmailChangeInput', { description: 'A change of address that was not wanted, taken back.' })
export class UndoEmailChangeInput {
  @Field(() => String, { description: `${TOKEN_TEXT} Good for 7 days after the change, once.` })
  token!: string;

  @Field(() => String, { description: `${NEW_PASSWORD_TEXT} Whoever changed the address may know the present one.` })
  password!: string;

  @Field(() => TokenDeliveryEnum, { defaultValue: TokenDeliveryEnum.BODY, description: DELIVERY_TEXT })
  tokenDelivery!: TokenDeliveryEnum;
}

@ObjectType('LinkExpired', {
  implements: FailureType,
  description:
    'The link was used, or is too old, or was never one of ours: which of them is not told. Ask for a new one.',
})
export class LinkExpiredType extends FailureType {
  readonly __typename = 'LinkExpired';
  override message = 'This link is no longer good. Ask for a new one.';
}

@ObjectType('PasswordRequired', {
  implements: FailureType,
  description:
    'The link alone is not enough: it takes the password of the account, too, or a signed-in session of that account. ' +
    'Whoever does not know the password goes on with requestPasswordReset. The link is not used up.',
})
export class PasswordRequiredType extends FailureType {
  readonly __typename = 'PasswordRequired';
  override message = 'Enter the password of the account. If you do not know it, ask for a new one.';
}

@ObjectType('EmailVerified', { description: 'Mail to the address has reached its owner.' })
export class EmailVerifiedType {
  readonly __typename = 'EmailVerified';

  @Field(() => String, { description: 'The address, in its canonical form: the one to sign in with.' })
  email!: string;
}

@ObjectType('PasswordReset', {
  description:
    'The new password holds, every session has ended, and the address counts as verified. Nobody is signed in.',
})
export class PasswordResetType {
  readonly __typename = 'PasswordReset';

  @Field(() => String, { description: 'The address to sign in with.' })
  email!: string;

  @Field(() => String, { nullable: true, description: DEVICE_TOKEN_TEXT })
  deviceToken!: string | null;
}

@ObjectType('PasswordChanged', { description: 'The new password holds; only the session that asked goes on.' })
export class PasswordChangedType {
  readonly __typename = 'PasswordChanged';

  @Field(() => Int, { description: 'How many other sessions were alive, and have ended.' })
  endedSessions!: number;

  @Field(() => String, { nullable: true, description: DEVICE_TOKEN_TEXT })
  deviceToken!: string | null;
}

@ObjectType('EmailChanged', { description: 'The account has the new address. Its sessions go on.' })
export class EmailChangedType {
  readonly __typename = 'EmailChanged';

  @Field(() => String, { description: 'The new address, verified by the link: the one to sign in with from now on.' })
  email!: string;
}

const resolveType = (value: { __typename: string }) => value.__typename;

export const VerifyEmailResult = createUnionType({
  name: 'VerifyEmailResult',
  description: 'The verified address; or what is missing.',
  types: () => [EmailVerifiedType, LinkExpiredType, PasswordRequiredType, InvalidCredentialsType] as const,
  resolveType,
});

export const ResetPasswordResult = createUnionType({
  name: 'ResetPasswordResult',
  description: 'The account with its new password; or why it keeps the old one.',
  types: () => [PasswordResetType, LinkExpiredType, WeakPasswordType] as const,
  resolveType,
});

export const ChangePasswordResult = createUnionType({
  name: 'ChangePasswordResult',
  description: 'The account with its new password; or why it keeps the old one.',
  types: () => [PasswordChangedType, InvalidCredentialsType, WeakPasswordType] as const,
  resolveType,
});

export const ConfirmEmailChangeResult = createUnionType({
  name: 'ConfirmEmailChangeResult',
  description: 'The account with its new address; or why it keeps the old one.',
  types: () =>
    [EmailChangedType, LinkExpiredType, PasswordRequiredType, InvalidCredentialsType, EmailTakenType] as const,
  resolveType,
});

export const UndoEmailChangeResult = createUnionType({
  name: 'UndoEmailChangeResult',
  description: 'The account with its old address and a new password; or why nothing was undone.',
  types: () => [PasswordResetType, LinkExpiredType, WeakPasswordType] as const,
  resolveType,
});
