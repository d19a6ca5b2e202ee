export type { AccessToken } from './access-token.js';
export { AccessTokenError, type AccessTokenFault } from './access-token-error.js';
export { createVerifier, type Verifier, type VerifierOptions } from './create-verifier.js';
