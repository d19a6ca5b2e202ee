import type { CookieExchange, GatewayContext } from '../graphql/context.js';
import { originNotAllowed } from '../graphql/errors.js';
import type { Logger } from '../platform/logger.js';
import { toAuthPayload } from './auth-payload.js';
import type { DeviceCookie } from './device/device-cookie.js';
import type { RefreshCookie } from './refresh-cookie.js';
import type { TokenDelivery } from './refresh-session.repository.js';
import type { SessionAnswer } from './session-answer.js';
import type { AuthPayloadType } from './sign-in.type.js';

/** The refresh token that an operation presents. */
export type PresentedToken =
  | { from: 'argument'; refreshToken: string }
  /** null: there are several that differ, of which none counts. */
  | { from: 'cookie'; refreshToken: string | null }
  | { from: 'nowhere'; refreshToken: null };

/** Refresh tokens that come and go by cookie: who may, which one counts, what the answer sets. */
export interface CookieDelivery {
  /**
   * The token of the argument, else that of the cookie; beside an argument no cookie is looked at.
   *
   * @throws `FORBIDDEN`, reason `ORIGIN_NOT_ALLOWED`, where there is a cookie and the page may not use it.
   */
  presented(needs: { argument: string | null | undefined; client: GatewayContext }): PresentedToken;
  /**
   * The tokens whose cookie a sign-in is about to replace; none in body delivery.
   *
   * @throws `FORBIDDEN`, reason `ORIGIN_NOT_ALLOWED`, where cookie delivery is asked for and the page may not have it.
   */
  replacedBySignIn(needs: { tokenDelivery: TokenDelivery; client: GatewayContext }): string[];
  /** The payload of a success; in cookie delivery the tokens go into cookies, and not into the payload. */
  deliver(needs: {
    answer: SessionAnswer;
    tokenDelivery: TokenDelivery;
    /** Of a sign-in. Default: the device is told nothing new. */
    deviceToken?: string;
    client: GatewayContext;
  }): AuthPayloadType;
  /** The device tokens that a sign-in presents: the argument's, else in cookie delivery those of the cookie. */
  presentedDevices(needs: {
    argument: string | null | undefined;
    tokenDelivery: TokenDelivery;
    client: GatewayContext;
  }): string[];
  /** The device token for the payload; in cookie delivery null: it goes into the cookie. */
  deliverDevice(needs: { deviceToken: string; tokenDelivery: TokenDelivery; client: GatewayContext }): string | null;
  /** Makes the browser forget the cookie. */
  clear(client: GatewayContext): void;
}

/** Cookie delivery; a refusal and an ambiguous cookie are logged, without a value of either. */
export function createCookieDelivery(needs: {
  cookie: RefreshCookie;
  deviceCookie: DeviceCookie;
  log: Logger;
}): CookieDelivery {
  const { cookie, deviceCookie, log } = needs;
  const warnedOf = new WeakSet<CookieExchange>();

  const assertPageAllowed = ({ cookies, requestId }: GatewayContext) => {
    if (cookies.isPageAllowed) return;
    log.info({ event: 'origin_not_allowed', requestId });
    throw originNotAllowed();
  };
  const tokensOf = ({ cookies, requestId }: GatewayContext): string[] => {
    const tokens = cookie.read(cookies.header);
    if (tokens.length > 1 && !warnedOf.has(cookies)) {
      warnedOf.add(cookies);
      log.warn({ event: 'refresh_cookie_ambiguous', count: tokens.length, requestId });
    }
    return tokens;
  };

  const deliverDevice: CookieDelivery['deliverDevice'] = ({ deviceToken, tokenDelivery, client: { cookies } }) => {
    if (tokenDelivery === 'BODY') return deviceToken;
    cookies.set(deviceCookie.keep({ deviceToken, header: cookies.header }));
    return null;
  };

  return {
    presented: ({ argument, client }) => {
      if (argument !== null && argument !== undefined) return { from: 'argument', refreshToken: argument };
      const [token, ...others] = tokensOf(client);
      if (token === undefined) return { from: 'nowhere', refreshToken: null };
      assertPageAllowed(client);
      // Cookie tossing: which of them is ours can't be told, and a planted one must never win.
      return { from: 'cookie', refreshToken: others.length === 0 ? token : null };
    },
    replacedBySignIn: ({ tokenDelivery, client }) => {
      if (tokenDelivery === 'BODY') return [];
      assertPageAllowed(client);
      return tokensOf(client);
    },
    deliver: ({ answer, tokenDelivery, deviceToken: given, client }) => {
      if (tokenDelivery === 'BODY') return toAuthPayload({ ...answer, deviceToken: given ?? null });
      const { refreshToken, session } = answer;
      client.cookies.set(cookie.keep({ refreshToken, expiresAt: session.expiresAt }));
      if (given !== undefined) deliverDevice({ deviceToken: given, tokenDelivery, client });
      return toAuthPayload({ ...answer, refreshToken: null, deviceToken: null });
    },
    presentedDevices: ({ argument, tokenDelivery, client: { cookies } }) => {
      if (argument !== null && argument !== undefined) return [argument];
      return tokenDelivery === 'COOKIE' ? deviceCookie.read(cookies.header) : [];
    },
    deliverDevice,
    clear: ({ cookies }) => cookies.set(cookie.clear()),
  };
}
