import { type SetCookie, stringifySetCookie } from 'cookie';
import type { Clock } from '../platform/clock.js';
import { cookieValues } from './cookie-values.js';

/** The cookie that carries a refresh token, and nothing else does. */
export interface RefreshCookie {
  /** The distinct values under our name in a `Cookie` header, in their order, as they came. */
  read(header: string | null): string[];
  /** The `Set-Cookie` header that keeps a refresh token until its session ends. */
  keep(needs: { refreshToken: string; expiresAt: Date }): string;
  /** The `Set-Cookie` header that removes it. */
  clear(): string;
}

/**
 * The cookie for https: the prefix `__Host-` makes browsers refuse one of this name that another host, a parent domain or
 * plain http would set (RFC 6265bis 4.1.3.2). Without `isSecure`, a plain name and no attribute `Secure`.
 */
export function createRefreshCookie(needs: {
  isSecure: boolean;
  sameSite: 'strict' | 'lax' | 'none';
  clock: Clock;
}): RefreshCookie {
  const { isSecure: secure, sameSite, clock } = needs;
  const name = secure ? '__Host-gatehouse-refresh' : 'gatehouse-refresh';
  const attributes = { name, path: '/', httpOnly: true, secure, sameSite } satisfies Partial<SetCookie>;
  return {
    read: (header) => cookieValues(name, header),
    // Max-Age alone: Expires would be read by the client's clock, which may be wrong.
    keep: ({ refreshToken, expiresAt }) =>
      stringifySetCookie({ ...attributes, value: refreshToken, maxAge: secondsUntil(expiresAt, clock) }),
    clear: () => stringifySetCookie({ ...attributes, value: '', maxAge: 0 }),
  };
}

/** Whole seconds, rounded up: a session with less than one left is not cleared by a success. */
function secondsUntil(time: Date, clock: Clock): number {
  return Math.ceil((time.getTime() - clock.now().getTime()) / 1000);
}
