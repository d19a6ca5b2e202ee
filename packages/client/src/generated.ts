// Generated from schema/schema.graphql and operations.graphql by generate.mjs: not edited by hand.
// biome-ignore-all format: generated
// biome-ignore-all lint: generated
// biome-ignore-all assist: generated

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** Why a password is refused. No kind of character is asked for. */
export type PasswordWeakness =
  /** Fewer characters than the minimum: 15 unless configured otherwise. */
  | 'TOO_SHORT'
  /** More than 256 characters. */
  | 'TOO_LONG'
  /** Among the commonly used passwords, or little more than one of them. */
  | 'COMMON'
  /** It contains the part of the e-mail address before the @. */
  | 'CONTAINS_EMAIL'
  /** It is known from a breach, where the gateway has a list of these to ask; told only of a password that is well otherwise. */
  | 'BREACHED';

/** A change of address that was not wanted, taken back. */
export type UndoEmailChangeInput = {
  /** What stands after #token= in the link of the mail; begins with gha_. Good for 7 days after the change, once. */
  readonly token: string;
  /** The new one; the rules are those of register. Whoever changed the address may know the present one. */
  readonly password: string;
  /** Where the device token goes: as the tokens of a sign-in do. */
  readonly tokenDelivery?: TokenDelivery;
};

/** Where the refresh token goes. */
export type TokenDelivery =
  /** Into the payload: for native apps and servers, which have a safe place for it. */
  | 'BODY'
  /** Into an httpOnly cookie: for browsers, where script must not be able to read it. For pages whose Origin is in ALLOWED_ORIGINS or is PUBLIC_URL's; others get FORBIDDEN with reason ORIGIN_NOT_ALLOWED. */
  | 'COOKIE';

/** A forgotten password, replaced. */
export type ResetPasswordInput = {
  /** What stands after #token= in the link of the mail; begins with gha_. Good for 10 minutes, once. */
  readonly token: string;
  /** The new one; the rules are those of register. */
  readonly password: string;
  /** Where the device token goes: as the tokens of a sign-in do. */
  readonly tokenDelivery?: TokenDelivery;
};

/** A new account. */
export type RegisterInput = {
  /** Spaces around it are cut, capitals made small; a malformed one is BAD_USER_INPUT. */
  readonly email: string;
  /** From the minimum, 15 unless configured otherwise, to 256 characters of any kind, none of them a control character. */
  readonly password: string;
  /** Where the refresh token goes; fixed for the life of the session. */
  readonly tokenDelivery?: TokenDelivery;
};

/** What somebody signs in with. */
export type LoginInput = {
  /** In any spelling that register takes; a malformed one is BAD_USER_INPUT. */
  readonly email: string;
  /** Compared exactly: capitals and spaces count. */
  readonly password: string;
  /** Where the refresh token goes; fixed for the life of the session. */
  readonly tokenDelivery?: TokenDelivery;
  /** The device token of an earlier sign-in on this device. One that is not good, or not any more, is as none. Without it, in cookie delivery, those of the cookie count. */
  readonly deviceToken?: string | null | undefined;
};

export type ViewerFragment = { readonly id: string, readonly email: string, readonly emailVerified: boolean, readonly roles: ReadonlyArray<string>, readonly createdAt: string };

export type SignedInFragment = { readonly accessToken: string, readonly expiresIn: number, readonly refreshToken: string | null, readonly deviceToken: string | null, readonly session: { readonly id: string, readonly expiresAt: string }, readonly user: { readonly id: string, readonly email: string, readonly emailVerified: boolean, readonly roles: ReadonlyArray<string>, readonly createdAt: string } };

export type RegisterMutationVariables = Exact<{
  input: RegisterInput;
}>;


export type RegisterMutation = { readonly register:
    | { readonly __typename: 'AuthPayload', readonly accessToken: string, readonly expiresIn: number, readonly refreshToken: string | null, readonly deviceToken: string | null, readonly session: { readonly id: string, readonly expiresAt: string }, readonly user: { readonly id: string, readonly email: string, readonly emailVerified: boolean, readonly roles: ReadonlyArray<string>, readonly createdAt: string } }
    | { readonly __typename: 'EmailTaken', readonly message: string }
    | { readonly __typename: 'WeakPassword', readonly message: string, readonly reasons: ReadonlyArray<PasswordWeakness> }
    | { readonly __typename: 'VerificationRequired', readonly email: string }
   };

export type LoginMutationVariables = Exact<{
  input: LoginInput;
}>;


export type LoginMutation = { readonly login:
    | { readonly __typename: 'AuthPayload', readonly accessToken: string, readonly expiresIn: number, readonly refreshToken: string | null, readonly deviceToken: string | null, readonly session: { readonly id: string, readonly expiresAt: string }, readonly user: { readonly id: string, readonly email: string, readonly emailVerified: boolean, readonly roles: ReadonlyArray<string>, readonly createdAt: string } }
    | { readonly __typename: 'InvalidCredentials', readonly message: string }
   };

export type ReauthenticateMutationVariables = Exact<{
  password: string;
}>;


export type ReauthenticateMutation = { readonly reauthenticate:
    | { readonly __typename: 'AuthPayload', readonly accessToken: string, readonly expiresIn: number, readonly refreshToken: string | null, readonly deviceToken: string | null, readonly session: { readonly id: string, readonly expiresAt: string }, readonly user: { readonly id: string, readonly email: string, readonly emailVerified: boolean, readonly roles: ReadonlyArray<string>, readonly createdAt: string } }
    | { readonly __typename: 'InvalidCredentials', readonly message: string }
   };

export type RefreshTokenMutationVariables = Exact<{
  refreshToken?: string | null | undefined;
}>;


export type RefreshTokenMutation = { readonly refreshToken: { readonly accessToken: string, readonly expiresIn: number, readonly refreshToken: string | null, readonly deviceToken: string | null, readonly session: { readonly id: string, readonly expiresAt: string }, readonly user: { readonly id: string, readonly email: string, readonly emailVerified: boolean, readonly roles: ReadonlyArray<string>, readonly createdAt: string } } };

export type LogoutMutationVariables = Exact<{
  refreshToken?: string | null | undefined;
}>;


export type LogoutMutation = { readonly logout: boolean };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { readonly me: { readonly id: string, readonly email: string, readonly emailVerified: boolean, readonly roles: ReadonlyArray<string>, readonly createdAt: string } | null };

export type ConfirmQueryVariables = Exact<{ [key: string]: never; }>;


export type ConfirmQuery = { readonly __typename: 'Query' };

export type RequestEmailVerificationMutationVariables = Exact<{ [key: string]: never; }>;


export type RequestEmailVerificationMutation = { readonly requestEmailVerification: boolean };

export type VerifyEmailMutationVariables = Exact<{
  token: string;
  password?: string | null | undefined;
}>;


export type VerifyEmailMutation = { readonly verifyEmail:
    | { readonly __typename: 'EmailVerified', readonly email: string }
    | { readonly __typename: 'LinkExpired', readonly message: string }
    | { readonly __typename: 'PasswordRequired', readonly message: string }
    | { readonly __typename: 'InvalidCredentials', readonly message: string }
   };

export type RequestPasswordResetMutationVariables = Exact<{
  email: string;
}>;


export type RequestPasswordResetMutation = { readonly requestPasswordReset: boolean };

export type ResetPasswordMutationVariables = Exact<{
  input: ResetPasswordInput;
}>;


export type ResetPasswordMutation = { readonly resetPassword:
    | { readonly __typename: 'PasswordReset', readonly email: string, readonly deviceToken: string | null }
    | { readonly __typename: 'LinkExpired', readonly message: string }
    | { readonly __typename: 'WeakPassword', readonly message: string, readonly reasons: ReadonlyArray<PasswordWeakness> }
   };

export type ChangePasswordMutationVariables = Exact<{
  currentPassword: string;
  newPassword: string;
}>;


export type ChangePasswordMutation = { readonly changePassword:
    | { readonly __typename: 'PasswordChanged', readonly endedSessions: number, readonly deviceToken: string | null }
    | { readonly __typename: 'InvalidCredentials', readonly message: string }
    | { readonly __typename: 'WeakPassword', readonly message: string, readonly reasons: ReadonlyArray<PasswordWeakness> }
   };

export type RequestEmailChangeMutationVariables = Exact<{
  email: string;
}>;


export type RequestEmailChangeMutation = { readonly requestEmailChange: boolean };

export type ConfirmEmailChangeMutationVariables = Exact<{
  token: string;
  password?: string | null | undefined;
}>;


export type ConfirmEmailChangeMutation = { readonly confirmEmailChange:
    | { readonly __typename: 'EmailChanged', readonly email: string }
    | { readonly __typename: 'LinkExpired', readonly message: string }
    | { readonly __typename: 'PasswordRequired', readonly message: string }
    | { readonly __typename: 'InvalidCredentials', readonly message: string }
    | { readonly __typename: 'EmailTaken', readonly message: string }
   };

export type UndoEmailChangeMutationVariables = Exact<{
  input: UndoEmailChangeInput;
}>;


export type UndoEmailChangeMutation = { readonly undoEmailChange:
    | { readonly __typename: 'PasswordReset', readonly email: string, readonly deviceToken: string | null }
    | { readonly __typename: 'LinkExpired', readonly message: string }
    | { readonly __typename: 'WeakPassword', readonly message: string, readonly reasons: ReadonlyArray<PasswordWeakness> }
   };

export type DeleteAccountMutationVariables = Exact<{ [key: string]: never; }>;


export type DeleteAccountMutation = { readonly deleteAccount: boolean };

export const Register = 'fragment Viewer on User{id email emailVerified roles createdAt}fragment SignedIn on AuthPayload{accessToken expiresIn refreshToken deviceToken session{id expiresAt}user{...Viewer}}mutation Register($input:RegisterInput!){register(input:$input){__typename ...SignedIn ...on Failure{message}...on WeakPassword{reasons}...on VerificationRequired{email}}}';
export const Login = 'fragment Viewer on User{id email emailVerified roles createdAt}fragment SignedIn on AuthPayload{accessToken expiresIn refreshToken deviceToken session{id expiresAt}user{...Viewer}}mutation Login($input:LoginInput!){login(input:$input){__typename ...SignedIn ...on Failure{message}}}';
export const Reauthenticate = 'fragment Viewer on User{id email emailVerified roles createdAt}fragment SignedIn on AuthPayload{accessToken expiresIn refreshToken deviceToken session{id expiresAt}user{...Viewer}}mutation Reauthenticate($password:String!){reauthenticate(password:$password){__typename ...SignedIn ...on Failure{message}}}';
export const RefreshToken = 'fragment Viewer on User{id email emailVerified roles createdAt}fragment SignedIn on AuthPayload{accessToken expiresIn refreshToken deviceToken session{id expiresAt}user{...Viewer}}mutation RefreshToken($refreshToken:String){refreshToken(refreshToken:$refreshToken){...SignedIn}}';
export const Logout = 'mutation Logout($refreshToken:String){logout(refreshToken:$refreshToken)}';
export const Me = 'fragment Viewer on User{id email emailVerified roles createdAt}query Me{me{...Viewer}}';
export const Confirm = 'query Confirm{__typename}';
export const RequestEmailVerification = 'mutation RequestEmailVerification{requestEmailVerification}';
export const VerifyEmail = 'mutation VerifyEmail($token:String!$password:String){verifyEmail(token:$token password:$password){__typename ...on EmailVerified{email}...on Failure{message}}}';
export const RequestPasswordReset = 'mutation RequestPasswordReset($email:String!){requestPasswordReset(email:$email)}';
export const ResetPassword = 'mutation ResetPassword($input:ResetPasswordInput!){resetPassword(input:$input){__typename ...on PasswordReset{email deviceToken}...on Failure{message}...on WeakPassword{reasons}}}';
export const ChangePassword = 'mutation ChangePassword($currentPassword:String!$newPassword:String!){changePassword(currentPassword:$currentPassword newPassword:$newPassword){__typename ...on PasswordChanged{endedSessions deviceToken}...on Failure{message}...on WeakPassword{reasons}}}';
export const RequestEmailChange = 'mutation RequestEmailChange($email:String!){requestEmailChange(email:$email)}';
export const ConfirmEmailChange = 'mutation ConfirmEmailChange($token:String!$password:String){confirmEmailChange(token:$token password:$password){__typename ...on EmailChanged{email}...on Failure{message}}}';
export const UndoEmailChange = 'mutation UndoEmailChange($input:UndoEmailChangeInput!){undoEmailChange(input:$input){__typename ...on PasswordReset{email deviceToken}...on Failure{message}...on WeakPassword{reasons}}}';
export const DeleteAccount = 'mutation DeleteAccount{deleteAccount}';
