import type {
  ChangePasswordMutation,
  ConfirmEmailChangeMutation,
  ResetPasswordMutation,
  UndoEmailChangeMutation,
  VerifyEmailMutation,
} from './generated.js';

/** Without the device token, which stays inside the client. */
export type Shown<Result> = Result extends unknown ? Omit<Result, 'deviceToken'> : never;

/** The verified address, or what is missing; as the gateway's union of that name. */
export type VerifyEmailResult = VerifyEmailMutation['verifyEmail'];
/** The new password holds, or why not; as the gateway's union of that name. */
export type ResetPasswordResult = Shown<ResetPasswordMutation['resetPassword']>;
/** The new password holds, or why not; as the gateway's union of that name. */
export type ChangePasswordResult = Shown<ChangePasswordMutation['changePassword']>;
/** The new address holds, or why not; as the gateway's union of that name. */
export type ConfirmEmailChangeResult = ConfirmEmailChangeMutation['confirmEmailChange'];
/** The old address is back, or why not; as the gateway's union of that name. */
export type UndoEmailChangeResult = Shown<UndoEmailChangeMutation['undoEmailChange']>;

/** The token of a link, and the password of its account; in a signed-in session of the account none is needed. */
export interface LinkAndPassword {
  readonly token: string;
  readonly password?: string | undefined;
}

/** The token of a link, and a new password. */
export interface LinkAndNewPassword {
  readonly token: string;
  readonly password: string;
}

/** The present password, and the one that is to replace it. */
export interface Passwords {
  readonly currentPassword: string;
  readonly newPassword: string;
}

/**
 * What somebody does about their account. Each rejects with an `AuthClientError` where the gateway can't answer now or
 * refuses: `RATE_LIMITED`, after too many tries, says in `extensions.retryAfter` after how many seconds the next counts.
 */
export interface Account {
  /** Has a link for {@link verifyEmail} mailed to the signed-in user. */
  requestEmailVerification(): Promise<void>;
  /** Shows that mail reaches the account's address; where addresses are verified first, makes the account. */
  verifyEmail(link: LinkAndPassword): Promise<VerifyEmailResult>;
  /** Has a link for {@link resetPassword} mailed to an address, if somebody has an account with it. */
  requestPasswordReset(email: string): Promise<void>;
  /** Replaces a forgotten password. All sessions of the account end, one that is signed in here too. */
  resetPassword(link: LinkAndNewPassword): Promise<ResetPasswordResult>;
  /** Replaces the password. The session here goes on, the others end. */
  changePassword(passwords: Passwords): Promise<ChangePasswordResult>;
  /** Has a link for {@link confirmEmailChange} mailed to the new address. Needs a recent sign-in. */
  requestEmailChange(email: string): Promise<void>;
  /** Gives the account the new address. */
  confirmEmailChange(link: LinkAndPassword): Promise<ConfirmEmailChangeResult>;
  /** Gives the account its old address back, with a new password. All its sessions end, one that is signed in here too. */
  undoEmailChange(link: LinkAndNewPassword): Promise<UndoEmailChangeResult>;
  /** Deletes the account; nobody is signed in any more, in all tabs. Needs a recent sign-in. */
  deleteAccount(): Promise<void>;
}
