import { GraphQLError } from 'graphql';
import type { UnauthenticatedReason } from './auth-state.js';

const UNAUTHENTICATED_TEXT: Record<UnauthenticatedReason, string> = {
  NO_TOKEN: 'This needs a token, and the request bears none.',
  TOKEN_EXPIRED: 'The access token has expired.',
  TOKEN_INVALID: 'The access token is not valid.',
  SESSION_ENDED: 'The session has ended.',
  INVALID_GRANT: 'The refresh token is not valid.',
};

/** A token is needed and was not taken (RFC 6750 3.1); a client refreshes, once, and tries again. */
export function unauthenticated(reason: UnauthenticatedReason): GraphQLError {
  return new GraphQLError(UNAUTHENTICATED_TEXT[reason], { extensions: { code: 'UNAUTHENTICATED', reason } });
}

/** The caller is known and may not. */
export function forbidden(): GraphQLError {
  return new GraphQLError('You may not do this.', { extensions: { code: 'FORBIDDEN' } });
}

/** The caller may, but showed a credential longer ago than this field allows; `reauthenticate` is the way on (RFC 9470). */
export function staleAuthentication(maxAgeSeconds: number): GraphQLError {
  return new GraphQLError('This needs a more recent sign-in.', {
    extensions: { code: 'FORBIDDEN', reason: 'STALE_AUTHENTICATION', maxAgeSeconds },
  });
}

const ORIGIN_TEXT =
  "This page may not use the gateway's cookies. Add its origin to ALLOWED_ORIGINS (the Origin header must be on the " +
  'request); where it is of another site than the gateway, COOKIE_SAME_SITE must be none, too. Nothing was changed.';

/** The request would read or set the cookie, and comes from a page that may not, or from no page at all. */
export function originNotAllowed(): GraphQLError {
  return new GraphQLError(ORIGIN_TEXT, { extensions: { code: 'FORBIDDEN', reason: 'ORIGIN_NOT_ALLOWED' } });
}

/** An argument that no well-made client sends; `argument` is its path. Never quotes the value. */
export function badUserInput(needs: { message: string; argument: readonly string[] }): GraphQLError {
  return new GraphQLError(needs.message, { extensions: { code: 'BAD_USER_INPUT', argument: needs.argument } });
}

/** Too many tries; the way on is to wait. */
export function rateLimited(retryAfterSeconds: number): GraphQLError {
  return new GraphQLError('Too many tries. Wait, and try again.', {
    extensions: { code: 'RATE_LIMITED', retryAfter: retryAfterSeconds },
  });
}

/** Not now; nothing is lost. */
export function serviceUnavailable(retryAfterSeconds: number): GraphQLError {
  return new GraphQLError("The service can't answer just now. Try again.", {
    extensions: { code: 'SERVICE_UNAVAILABLE', retryAfter: retryAfterSeconds },
  });
}
