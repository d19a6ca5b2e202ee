import type { Account, Shown } from './account-types.js';
import { AuthClientError } from './auth-client-error.js';
import {
  ChangePassword,
  type ChangePasswordMutation,
  ConfirmEmailChange,
  type ConfirmEmailChangeMutation,
  DeleteAccount,
  RequestEmailChange,
  RequestEmailVerification,
  RequestPasswordReset,
  ResetPassword,
  type ResetPasswordMutation,
  UndoEmailChange,
  type UndoEmailChangeMutation,
  VerifyEmail,
  type VerifyEmailMutation,
} from './generated.js';
import { partsOf } from './parts.js';
import { staleAuthentication } from './stale-authentication.js';
import type { AuthClient } from './types.js';

export type {
  Account,
  ChangePasswordResult,
  ConfirmEmailChangeResult,
  LinkAndNewPassword,
  LinkAndPassword,
  Passwords,
  ResetPasswordResult,
  UndoEmailChangeResult,
  VerifyEmailResult,
} from './account-types.js';
export { takeLinkToken } from './take-link-token.js';

/** Makes what somebody does about their account, for the session that `client` keeps. @throws {TypeError} */
export function createAccount(client: AuthClient): Account {
  const { delivery, storage, deviceStorage, memory, tabs, send, withToken } = partsOf(client);
  const withCookie = storage === null;

  /** Sends it with a recent sign-in, which `onStaleAuthentication` may have to ask for. */
  const recently = (call: { query: string; variables?: object }) =>
    withToken(async (accessToken) => {
      try {
        await send({ ...call, accessToken });
      } catch (error) {
        const maxAgeSeconds = error instanceof AuthClientError ? staleAuthentication([error]) : null;
        const recent = maxAgeSeconds === null ? null : await client.freshenAuthentication(accessToken, maxAgeSeconds);
        if (recent === null) throw error;
        await send({ ...call, accessToken: recent });
      }
    });
  /** Keeps the device token of an answer, which nobody else needs to see. */
  const keepDevice = async <Answer extends object>(answer: Answer): Promise<Shown<Answer>> => {
    const { deviceToken, ...shown } = answer as Answer & { readonly deviceToken?: string | null };
    if (deviceToken) await deviceStorage?.set(deviceToken);
    return shown as Shown<Answer>;
  };
  /** Looks whether the session here was one of those that have ended: the link may have been another account's. */
  const noticeEnd = async (): Promise<void> => {
    const { held } = memory;
    // Can the gateway not say now, the next request will find out.
    await client.renewAccessToken(held?.accessToken ?? null).catch(() => null);
    const { state } = memory;
    if (state.status === 'signed_out' && (held !== null || state.reason === 'INVALID_GRANT')) tabs.tellLogout();
  };
  /** The address is new, or newly verified, for the session here, too. */
  const noticeUser = async (): Promise<void> => void (await client.me().catch(() => null));

  return {
    requestEmailVerification: () =>
      withToken(async (accessToken) => void (await send({ query: RequestEmailVerification, accessToken }))),
    verifyEmail: async (variables) => {
      const { verifyEmail } = await withToken((accessToken) =>
        send<VerifyEmailMutation>({ query: VerifyEmail, variables, accessToken }),
      );
      if (verifyEmail.__typename === 'EmailVerified') await noticeUser();
      return verifyEmail;
    },
    requestPasswordReset: async (email) => void (await send({ query: RequestPasswordReset, variables: { email } })),
    resetPassword: async (link) => {
      const call = { query: ResetPassword, variables: { input: { ...link, tokenDelivery: delivery } }, withCookie };
      const result = await keepDevice((await send<ResetPasswordMutation>(call)).resetPassword);
      if (result.__typename === 'PasswordReset') await noticeEnd();
      return result;
    },
    changePassword: async (variables) => {
      const { changePassword } = await withToken((accessToken) =>
        send<ChangePasswordMutation>({ query: ChangePassword, variables, accessToken, withCookie }),
      );
      return keepDevice(changePassword);
    },
    requestEmailChange: (email) => recently({ query: RequestEmailChange, variables: { email } }),
    confirmEmailChange: async (variables) => {
      const { confirmEmailChange } = await withToken((accessToken) =>
        send<ConfirmEmailChangeMutation>({ query: ConfirmEmailChange, variables, accessToken }),
      );
      if (confirmEmailChange.__typename === 'EmailChanged') await noticeUser();
      return confirmEmailChange;
    },
    undoEmailChange: async (link) => {
      const call = { query: UndoEmailChange, variables: { input: { ...link, tokenDelivery: delivery } }, withCookie };
      const result = await keepDevice((await send<UndoEmailChangeMutation>(call)).undoEmailChange);
      if (result.__typename === 'PasswordReset') await noticeEnd();
      return result;
    },
    deleteAccount: async () => {
      await recently({ query: DeleteAccount });
      // The session is over; this clears the cookie and tells the other tabs.
      await client.logout().catch(async () => {
        await storage?.remove();
        memory.signOut('LOGOUT');
        tabs.tellLogout();
      });
      await deviceStorage?.remove();
    },
  };
}
