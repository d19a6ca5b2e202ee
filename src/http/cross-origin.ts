import type { FastifyCorsOptions } from '@fastify/cors';
import type { Config } from '../config.js';
import { headerValues } from './host-check.js';

const LOCAL_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

const PREFLIGHT_SECONDS = 600;

/** What Apollo Client, urql and Relay send beyond the headers that need no permission. */
const ALLOWED_HEADERS = [
  'content-type',
  'authorization',
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'apollographql-client-name',
  'apollographql-client-version',
];

/** Whether pages of an origin may call; the origin is compared whole, never by its beginning or end. */
function isAllowedOrigin({
  origin,
  allowedOrigins,
}: {
  origin: string | undefined;
  allowedOrigins: Config['allowedOrigins'];
}): boolean {
  if (origin === undefined) return false;
  return allowedOrigins === 'local' ? LOCAL_ORIGIN.test(origin) : allowedOrigins.includes(origin);
}

/** CORS for the allowed origins; any other gets no CORS header at all, on a preflight either. */
export function corsOptions({ allowedOrigins }: { allowedOrigins: Config['allowedOrigins'] }): FastifyCorsOptions {
  return {
    // As a function: a list would send the other CORS headers to foreign origins, too, and leave out Vary for a single one.
    origin: (origin, answer) => {
      const isAllowed = origin !== undefined && isAllowedOrigin({ origin, allowedOrigins });
      answer(null, isAllowed ? origin : false);
    },
    credentials: true,
    methods: ['POST'],
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: ['x-request-id', 'retry-after'],
    maxAge: PREFLIGHT_SECONDS,
    // Its refusal would be plain text; what is no preflight is refused before it gets there.
    strictPreflight: false,
  };
}

/**
 * Makes the check whether the page that sent a request (its headers flat, as Node has them) may use the gateway's
 * cookies: one Origin, allowed or our own, and not of another site unless the cookie is for other sites. CORS alone
 * would not do: it keeps a page from reading the answer, not from sending the request.
 */
export function pageCheck(
  config: Pick<Config, 'allowedOrigins' | 'ownOrigin' | 'cookieSameSite'>,
): (rawHeaders: readonly string[]) => boolean {
  const { allowedOrigins, ownOrigin, cookieSameSite } = config;
  return (rawHeaders) => {
    const [origin, ...repeated] = headerValues({ rawHeaders, name: 'origin' });
    if (origin === undefined || repeated.length > 0) return false;
    if (origin !== ownOrigin && !isAllowedOrigin({ origin, allowedOrigins })) return false;
    const sites = headerValues({ rawHeaders, name: 'sec-fetch-site' });
    return cookieSameSite === 'none' || !sites.some((site) => site.toLowerCase().includes('cross-site'));
  };
}
