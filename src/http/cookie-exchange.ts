import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CookieExchange } from '../graphql/context.js';
import { SetCookies } from './set-cookies.js';

/** A request's cookies and its answer's. Private fields, so that no log line, dump or copy of the context holds a cookie. */
export class HttpCookieExchange implements CookieExchange {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #isPageAllowed: (rawHeaders: readonly string[]) => boolean;
  readonly #ours = new SetCookies();

  constructor(needs: {
    request: FastifyRequest;
    reply: FastifyReply;
    isPageAllowed: (rawHeaders: readonly string[]) => boolean;
  }) {
    this.#request = needs.request;
    this.#reply = needs.reply;
    this.#isPageAllowed = needs.isPageAllowed;
  }

  get header(): string | null {
    return this.#request.headers.cookie ?? null;
  }

  get isPageAllowed(): boolean {
    return this.#isPageAllowed(this.#request.raw.rawHeaders);
  }

  set(setCookie: string): void {
    // Fastify would add one more header for a cookie of this name, and which one a browser keeps would be left to their order.
    this.#reply.removeHeader('set-cookie').header('set-cookie', this.#ours.with(setCookie));
  }
}
