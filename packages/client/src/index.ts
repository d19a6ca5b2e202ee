export { AuthClientError } from './auth-client-error.js';
export { createAuthClient } from './create-auth-client.js';
export { needsRenewal, type RefusalLike } from './needs-renewal.js';
export { staleAuthentication } from './stale-authentication.js';
export type {
  AuthClient,
  AuthClientOptions,
  AuthState,
  Channel,
  Credentials,
  LoginResult,
  Platform,
  ReauthenticateResult,
  RegisterResult,
  SignedIn,
  SignedOutReason,
  StaleAuthentication,
  TokenStorage,
  User,
} from './types.js';
