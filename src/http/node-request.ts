import type { IncomingMessage, ServerResponse } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';
import type { CookieExchange, RequestFacts } from '../graphql/context.js';
import { clientAddress } from './client-address.js';
import { SetCookies } from './set-cookies.js';

/** A request and its answer as Node has them; what Express and Apollo's standalone server hand to a context function. */
export interface NodeExchange {
  req: IncomingMessage;
  res: ServerResponse;
}

/** Makes a reader of what the context may know of a request that another server than ours has received. */
export function nodeRequestReader(needs: {
  trustedProxies: readonly string[];
  isPageAllowed: (rawHeaders: readonly string[]) => boolean;
  newRequestId: () => string;
}): (exchange: NodeExchange) => RequestFacts {
  const trust = proxyAddr.compile([...needs.trustedProxies]);
  return ({ req, res }) => {
    const { headers } = req;
    return {
      requestId: needs.newRequestId(),
      ipAddress: clientAddress(proxyAddr.all(req, trust)),
      userAgent: headers['user-agent'] ?? null,
      authorization: headers.authorization ?? null,
      headers,
      cookies: new NodeCookieExchange({ req, res }, needs.isPageAllowed),
    };
  };
}

/** Private fields, so that no log line, dump or copy of the context holds a cookie. */
class NodeCookieExchange implements CookieExchange {
  readonly #exchange: NodeExchange;
  readonly #isPageAllowed: (rawHeaders: readonly string[]) => boolean;
  readonly #ours = new SetCookies();

  constructor(exchange: NodeExchange, isPageAllowed: (rawHeaders: readonly string[]) => boolean) {
    this.#exchange = exchange;
    this.#isPageAllowed = isPageAllowed;
  }

  get header(): string | null {
    return this.#exchange.req.headers.cookie ?? null;
  }

  get isPageAllowed(): boolean {
    return this.#isPageAllowed(this.#exchange.req.rawHeaders);
  }

  set(setCookie: string): void {
    const { res } = this.#exchange;
    const there = [res.getHeader('set-cookie') ?? []].flat().map(String);
    const others = there.filter((cookie) => !this.#ours.has(cookie));
    res.setHeader('set-cookie', [...others, ...this.#ours.with(setCookie)]);
  }
}
