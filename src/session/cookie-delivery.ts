import type { CookieExchange, GatewayContext } from '../graphql/context.js';
import { originNotAllowed } from '../graphql/errors.js';
import type { Logger } from '../platform/logger.js';
import { toAuthPayload } from './auth-payload.js';
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
  /** The payload of a success; in cookie delivery the refresh token goes into the cookie, and not into the payload. */
  deliver(needs: { answer: SessionAnswer; tokenDelivery: TokenDelivery; client: GatewayContext }): AuthPayloadType;
  /** Makes the browser forget the cookie. */
  clear(client: GatewayContext): void;
}

/** Cookie delivery; a refusal and an ambiguous cookie are logged, without a value of either. */
export function createCookieDelivery(needs: { cookie: RefreshCookie; log: Logger }): CookieDelivery {
  const { cookie, log } = needs;
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
    deliver: ({ answer, tokenDelivery, client }) => {
      if (tokenDelivery === 'BODY') return toAuthPayload(answer);
      const { refreshToken, session } = answer;
      client.cookies.set(cookie.keep({ refreshToken, expiresAt: session.expiresAt }));
      return toAuthPayload({ ...answer, refreshToken: null });
    },
    clear: ({ cookies }) => cookies.set(cookie.clear()),
  };
}
