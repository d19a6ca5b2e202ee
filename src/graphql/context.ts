import type { AuthState, Identity } from './auth-state.js';
import { unauthenticated } from './errors.js';

/** The cookies of a request and the one that its answer sets. Printed or serialised, it shows none of them. */
export interface CookieExchange {
  /** The `Cookie` header, as it came. */
  readonly header: string | null;
  /** Whether the page that sent the request may use the gateway's cookies. */
  readonly isPageAllowed: boolean;
  /** Puts this `Set-Cookie` header on the answer, whatever else the operation holds; the last call counts. */
  set(setCookie: string): void;
}

/** What the transport tells of a request. */
export interface RequestFacts {
  requestId: string;
  /** The client's address: the socket's, unless a trusted proxy says otherwise. */
  ipAddress: string;
  userAgent: string | null;
  /** The `Authorization` header, as it came. */
  authorization: string | null;
  cookies: CookieExchange;
}

/** What a resolver may know of the request it answers. */
export interface GatewayContext {
  requestId: string;
  ipAddress: string;
  /** At most 512 characters. */
  userAgent: string | null;
  auth: AuthState;
  /** Nobody is authenticated by them: only what exchanges or ends a refresh token reads them. */
  cookies: CookieExchange;
  /**
   * The caller, sure to be signed in now.
   *
   * @throws `UNAUTHENTICATED` with the reason, or `SERVICE_UNAVAILABLE` where it can't be told.
   */
  requireAuth(): Promise<Identity>;
}

const USER_AGENT_CHARACTERS_MAX = 512;

/** Makes contexts; never throws for a bad token: that is a state, which a guard turns into an error. */
export function createContextFactory(needs: {
  authenticate: (authorization: string | null) => AuthState;
  /** Asks the database whether the session still lives, where this process can't tell. */
  lookUpSession: (identity: Identity) => Promise<'current' | 'session_ended' | 'user_changed'>;
}): (facts: RequestFacts) => GatewayContext {
  const { authenticate, lookUpSession } = needs;
  return ({ requestId, ipAddress, userAgent, authorization, cookies }) => {
    const auth = authenticate(authorization);
    return {
      requestId,
      ipAddress,
      userAgent: userAgent?.slice(0, USER_AGENT_CHARACTERS_MAX) ?? null,
      auth,
      cookies,
      requireAuth: async () => {
        if (auth.state === 'anonymous') throw unauthenticated('NO_TOKEN');
        if (auth.state === 'rejected') throw unauthenticated(auth.reason);
        if (auth.state === 'unknown') await assertLives(auth.identity, lookUpSession);
        return auth.identity;
      },
    };
  };
}

async function assertLives(
  identity: Identity,
  lookUpSession: (identity: Identity) => Promise<'current' | 'session_ended' | 'user_changed'>,
): Promise<void> {
  const standing = await lookUpSession(identity);
  if (standing === 'session_ended') throw unauthenticated('SESSION_ENDED');
  // The client refreshes and gets a token with the user's new roles.
  if (standing === 'user_changed') throw unauthenticated('TOKEN_EXPIRED');
}
