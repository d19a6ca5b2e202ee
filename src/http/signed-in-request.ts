import type { FastifyRequest } from 'fastify';

const REFRESH_TOKEN = /\bghr_/;
const PASSWORD = /password/i;

/**
 * Whether a request comes from somebody who is signed in, as far as can be told without the database: it bears an access
 * token that is taken here, or it shows a refresh token and no password. Only an order of precedence hangs on it: who
 * makes a refresh token up gains no more than one quick refusal.
 */
export function signedInRequest(needs: {
  isTokenTaken: (authorization: string | null) => boolean;
  isPageAllowed: (rawHeaders: readonly string[]) => boolean;
}): (request: FastifyRequest) => boolean {
  return ({ headers, body, raw }) => {
    if (headers.authorization !== undefined && needs.isTokenTaken(headers.authorization)) return true;
    const { query, variables } = operationIn(body);
    const isCookieShown = REFRESH_TOKEN.test(headers.cookie ?? '') && needs.isPageAllowed(raw.rawHeaders);
    const isTokenShown = isCookieShown || REFRESH_TOKEN.test(query) || Object.values(variables).some(isRefreshToken);
    return isTokenShown && !PASSWORD.test(query) && !hasPassword(variables);
  };
}

function operationIn(body: unknown): { query: string; variables: Record<string, unknown> } {
  const { query, variables } = recordOf(body);
  return { query: typeof query === 'string' ? query : '', variables: recordOf(variables) };
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const isRefreshToken = (value: unknown) => typeof value === 'string' && REFRESH_TOKEN.test(value);

/** The server bounds the depth of bodies, so that this recursion is bounded too. */
function hasPassword(value: unknown): boolean {
  return Object.entries(recordOf(value)).some(([name, inner]) => PASSWORD.test(name) || hasPassword(inner));
}
