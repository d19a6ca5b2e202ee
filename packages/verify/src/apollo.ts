import { GraphQLError } from 'graphql';
import type { AccessToken } from './access-token.js';
import { AccessTokenError, type AccessTokenFault } from './access-token-error.js';
import type { Verifier } from './create-verifier.js';

/** What a resolver may know of its caller. */
export interface Auth {
  /**
   * `anonymous`: no bearer token came; `rejected`: one that is not taken; `unknown`: the gateway's keys can't be had just
   * now. None of them is an error until something asks for a caller.
   */
  readonly state: 'anonymous' | 'authenticated' | 'rejected' | 'unknown';
  /** The caller. @throws `UNAUTHENTICATED` with the gateway's reasons, or `SERVICE_UNAVAILABLE`. */
  requireAuth(): AccessToken;
  /** The caller, who has the scope. @throws as requireAuth, or `FORBIDDEN`. */
  requireScope(scope: string): AccessToken;
  /** The caller, who has the role. @throws as requireAuth, or `FORBIDDEN`. */
  requireRole(role: string): AccessToken;
}

const RETRY_AFTER_SECONDS = 5;

/**
 * Makes what Apollo Server's context function asks: `context: async ({ req }) => ({ auth: await authenticate(req.headers.authorization) })`.
 * Never throws for a bad token: then queries that anybody may send would fail, too.
 */
export function createAuthenticate(verifier: Verifier): (authorization: string | null | undefined) => Promise<Auth> {
  return async (authorization) => {
    try {
      const token = await verifier.verifyHeader(authorization);
      return token === null ? refusing('NO_TOKEN') : accepting(token);
    } catch (error) {
      return refusing(error instanceof AccessTokenError ? error.code : 'TOKEN_INVALID');
    }
  };
}

function accepting(token: AccessToken): Auth {
  const require = (isAllowed: boolean) => {
    if (isAllowed) return token;
    throw new GraphQLError('You may not do this.', { extensions: { code: 'FORBIDDEN' } });
  };
  return {
    state: 'authenticated',
    requireAuth: () => token,
    requireScope: (scope) => require(token.scopes.includes(scope)),
    requireRole: (role) => require(token.roles.includes(role)),
  };
}

const STATES = {
  NO_TOKEN: 'anonymous',
  TOKEN_EXPIRED: 'rejected',
  TOKEN_INVALID: 'rejected',
  KEYS_UNAVAILABLE: 'unknown',
} as const satisfies Record<AccessTokenFault, Auth['state']>;

function refusing(reason: AccessTokenFault): Auth {
  const extensions =
    reason === 'KEYS_UNAVAILABLE'
      ? { code: 'SERVICE_UNAVAILABLE', retryAfter: RETRY_AFTER_SECONDS }
      : { code: 'UNAUTHENTICATED', reason };
  const refuse = (): never => {
    throw new GraphQLError(new AccessTokenError(reason).message, { extensions });
  };
  return { state: STATES[reason], requireAuth: refuse, requireScope: refuse, requireRole: refuse };
}
