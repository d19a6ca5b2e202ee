import { accountPages } from '../platform/mail/account-link.js';

export const GRAPHQL_PATH = '/graphql';
export const EXPLORER_PATH = '/explorer';
export const ACCOUNT_PATH = '/account';
export const DEV_MAIL_PATH = '/dev/mail';
export const DEV_MAIL_JSON_PATH = '/dev/mail.json';
export const JWKS_PATH = '/.well-known/jwks.json';
export const LIVE_PATH = '/health/live';
export const READY_PATH = '/health/ready';

/** RFC 9110 15.5.6: what `Allow` says where another method is used; null where there is nothing. */
export function allowedMethods({ path, isProduction }: { path: string; isProduction: boolean }): string | null {
  if (path === GRAPHQL_PATH) return 'POST';
  if (path === EXPLORER_PATH) return isProduction ? null : 'GET';
  if (accountPages.some((page) => path === `${ACCOUNT_PATH}/${page}`)) return 'GET';
  return [JWKS_PATH, LIVE_PATH, READY_PATH].includes(path) ? 'GET, HEAD' : null;
}
