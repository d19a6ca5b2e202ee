import { type Language, languageOf } from '../platform/language.js';
import type { RequestNotes } from '../platform/request-notes.js';
import { Auth, type AuthNeeds } from './auth.js';

/** The cookies of a request and those that its answer sets. Printed or serialised, it shows none of them. */
export interface CookieExchange {
  /** The `Cookie` header, as it came. */
  readonly header: string | null;
  /** Whether the page that sent the request may use the gateway's cookies. */
  readonly isPageAllowed: boolean;
  /** Puts this `Set-Cookie` header on the answer, whatever else the operation holds; of one name, the last call counts. */
  set(setCookie: string): void;
}

/** Makes the context of a request. */
export type MakeContext = (facts: RequestFacts) => GatewayContext | Promise<GatewayContext>;

/** What a resolver may know, an application's own additions included. */
export type AuthContext<Extra extends object = object> = GatewayContext & Extra;

/** What the transport tells of a request. */
export interface RequestFacts {
  requestId: string;
  /** The client's address: the socket's, unless a trusted proxy says otherwise. */
  ipAddress: string;
  userAgent: string | null;
  /** The `Authorization` header, as it came. */
  authorization: string | null;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  cookies: CookieExchange;
  /** For the log line of the request; absent where the gateway writes none. */
  notes?: RequestNotes;
}

/** What a resolver may know of the request it answers. */
export interface GatewayContext {
  requestId: string;
  ipAddress: string;
  /** At most 512 characters. */
  userAgent: string | null;
  /** What `Accept-Language` asks for; null: none of ours. */
  mailLanguage: Language | null;
  /** Who is calling, and what they may do. */
  auth: Auth;
  /** Nobody is authenticated by them: only what exchanges or ends a refresh token reads them. */
  cookies: CookieExchange;
  /** What the log line of the request will say. */
  requestNotes: RequestNotes;
}

const USER_AGENT_CHARACTERS_MAX = 512;

/** Makes contexts; never throws for a bad token: that is a state, which a guard turns into an error. */
export function createContextFactory(needs: AuthNeeds): (facts: RequestFacts) => GatewayContext {
  return ({ requestId, ipAddress, userAgent, authorization, headers, cookies, notes = {} }) => {
    const auth = new Auth(authorization, needs);
    notes.auth = auth.state;
    return {
      requestId,
      ipAddress,
      userAgent: userAgent?.slice(0, USER_AGENT_CHARACTERS_MAX) ?? null,
      mailLanguage: languageOf(headers['accept-language']),
      auth,
      cookies,
      requestNotes: notes,
    };
  };
}
