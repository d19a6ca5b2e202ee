export { AuthClientError } from './auth-client-error.js';
export { createAuthClient } from './create-auth-client.js';
export { needsRenewal, type RefusalLike } from './needs-renewal.js';
export type {
  AuthClient,
  AuthClientOptions,
  AuthState,
  Channel,
  Credentials,
  LoginResult,
  Platform,
  RefreshTokenStorage,
  RegisterResult,
  SignedIn,
  SignedOutReason,
  User,
} from './types.js';
