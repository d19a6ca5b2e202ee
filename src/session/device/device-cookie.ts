import { type SetCookie, stringifySetCookie } from 'cookie';
import { cookieValues } from '../cookie-values.js';
import type { DeviceTokens } from './device-token.js';

/** The cookie that says for which accounts this browser is a known device. */
export interface DeviceCookie {
  /** The tokens in a `Cookie` header, genuine or not; no more of them than we look at. */
  read(header: string | null): string[];
  /** The `Set-Cookie` header that keeps this token, and those of other accounts that the `Cookie` header holds. */
  keep(needs: { deviceToken: string; header: string | null }): string;
}

/** The longest that browsers keep a cookie (RFC 6265bis 5.5). */
const KEPT_FOR_SECONDS = 400 * 86_400;
const ACCOUNTS_MAX = 5;
/** Genuine cookies hold fewer; a planted one costs no more than this many MACs. */
const TOKENS_READ_MAX = 2 * ACCOUNTS_MAX;
const SEPARATOR = '.';

/** With the attributes of the refresh cookie; of more accounts than five, those of the latest sign-ins are kept. */
export function createDeviceCookie(needs: {
  isSecure: boolean;
  sameSite: 'strict' | 'lax' | 'none';
  deviceTokens: DeviceTokens;
}): DeviceCookie {
  const { isSecure: secure, sameSite, deviceTokens } = needs;
  const name = secure ? '__Host-gatehouse-device' : 'gatehouse-device';
  const attributes = { name, path: '/', httpOnly: true, secure, sameSite } satisfies Partial<SetCookie>;
  const read: DeviceCookie['read'] = (header) =>
    cookieValues(name, header)
      .flatMap((value) => value.split(SEPARATOR, TOKENS_READ_MAX))
      .slice(0, TOKENS_READ_MAX);
  return {
    read,
    keep: ({ deviceToken, header }) => {
      const userIds = new Set<string>();
      const tokens = [deviceToken, ...read(header)].filter((token) => {
        const userId = deviceTokens.read(token)?.userId;
        const isKept = userId !== undefined && !userIds.has(userId) && userIds.size < ACCOUNTS_MAX;
        if (isKept) userIds.add(userId);
        return isKept;
      });
      return stringifySetCookie({ ...attributes, value: tokens.join(SEPARATOR), maxAge: KEPT_FOR_SECONDS });
    },
  };
}
