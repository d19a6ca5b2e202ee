/**
 * Why a token was not taken. `NO_TOKEN`, `TOKEN_EXPIRED` and `TOKEN_INVALID` are the gateway's own reasons: a client that
 * gets one refreshes. `KEYS_UNAVAILABLE`: the gateway's keys can't be had just now, and nothing is known of the token.
 */
export type AccessTokenFault = 'NO_TOKEN' | 'TOKEN_EXPIRED' | 'TOKEN_INVALID' | 'KEYS_UNAVAILABLE';

const TEXT: Record<AccessTokenFault, string> = {
  NO_TOKEN: 'There is no access token.',
  TOKEN_EXPIRED: 'The access token has expired.',
  TOKEN_INVALID: 'The access token is not valid.',
  KEYS_UNAVAILABLE: 'The access token can not be verified right now.',
};

/** Thrown by a verifier; tells nothing of the token itself. */
export class AccessTokenError extends Error {
  override readonly name = 'AccessTokenError';
  constructor(readonly code: AccessTokenFault) {
    super(TEXT[code]);
  }
}
