import { type ApolloServer, HeaderMap } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayContext, MakeContext } from '../graphql/context.js';
import type { HotLane } from '../graphql/hot-lane/hot-lane.js';
import type { Random } from '../platform/random.js';
import { parseTraceParent, traced, tracedRequest } from '../platform/tracing.js';
import type { Admission } from './admission.js';
import { HttpCookieExchange } from './cookie-exchange.js';
import { explorer } from './explorer.js';
import { requireJsonBody } from './json-body.js';
import { LANDING_PAGE_CSP } from './landing-page.js';
import { EXPLORER_PATH, GRAPHQL_PATH } from './paths.js';
import { RefusedRequest, refusals } from './refusal.js';
import { refuse } from './refusing.js';
import { requestFacts } from './request-facts.js';
import { notesOf } from './request-log.js';
import { signedInRequest } from './signed-in-request.js';

interface GraphqlRouteParts {
  fastify: FastifyInstance;
  apollo: ApolloServer<GatewayContext>;
  context: MakeContext;
  /** null: Apollo's pipeline answers everything. */
  hotLane: HotLane | null;
  admission: Admission;
  /** Whether an `Authorization` header bears an access token that is taken here. */
  isTokenTaken: (authorization: string | null) => boolean;
  /** Longest request body, in bytes. Default: the server's. */
  bodyLimit?: number;
  /** Within the server's prefix. */
  url?: string;
  /** Whether the page that sent these headers may use the gateway's cookies. */
  isPageAllowed: (rawHeaders: readonly string[]) => boolean;
}

/** `POST /graphql`: the only request that executes anything. */
export function addGraphqlRoute(parts: GraphqlRouteParts): void {
  const { fastify, admission, bodyLimit, url = GRAPHQL_PATH } = parts;
  const isOfSomebody = signedInRequest(parts);
  const answer = answerOperation(parts);
  fastify.route({
    method: 'POST',
    url,
    ...(bodyLimit === undefined ? {} : { bodyLimit }),
    onRequest: [refuseWhenFull(admission), requireBarePath(`${fastify.prefix}${url}`), requireJsonBody],
    handler(request, reply) {
      const leave = admission.enter(() => isOfSomebody(request));
      if (leave === null) return refuse({ reply, refusal: refusals.overloaded });
      const span = {
        name: `POST ${GRAPHQL_PATH}`,
        attributes: () => ({
          'http.request.method': 'POST',
          'http.route': GRAPHQL_PATH,
          'gatehouse.request_id': request.id,
        }),
        parent: parseTraceParent(request.headers.traceparent),
      };
      return tracedRequest(span, (traceId) => {
        if (traceId !== undefined) notesOf(request).traceId = traceId;
        return traced(
          'graphql',
          () => ({}),
          async () => answer(request, reply),
        );
      }).finally(leave);
    },
  });
}

/** By the hot lane what it knows, by Apollo's pipeline all else. */
function answerOperation(parts: GraphqlRouteParts): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  const { fastify, apollo, context, hotLane, isPageAllowed } = parts;
  const contextOf = (request: FastifyRequest, reply: FastifyReply) => {
    const cookies = new HttpCookieExchange({ request, reply, isPageAllowed });
    return context(requestFacts({ request, cookies }));
  };
  const byApollo = fastifyApolloHandler(apollo, { context: async (request, reply) => contextOf(request, reply) });
  return async (request, reply) => {
    const { accept } = request.headers;
    const answerHot = hotLane?.find(request.body, accept) ?? null;
    if (answerHot === null) {
      const body = await byApollo.call(fastify, request, reply);
      if (reply.statusCode === 200) hotLane?.learn(request.body, accept, String(reply.getHeader('content-type')));
      return body;
    }
    const { status, headers, body } = await answerHot(() => contextOf(request, reply));
    for (const [name, value] of headers) void reply.header(name, value);
    void reply.code(status);
    return body;
  };
}

/** Before the body is read: what is refused under load has to cost next to nothing, or refusing would be all that is done. */
function refuseWhenFull(admission: Admission) {
  return (_request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    if (admission.isFull()) refuse({ reply, refusal: refusals.overloaded });
    else done();
  };
}

/** RFC 6750 2.3: URLs end up in logs, histories and Referer headers, so a token in one is refused, as is all else there. */
function requireBarePath(path: string) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void =>
    done(request.url === path ? undefined : new RefusedRequest(refusals.queryString));
}

interface ExploringRouteParts {
  fastify: FastifyInstance;
  apollo: ApolloServer<GatewayContext>;
  random: Random;
}

/** In development, the pages of both explorers: `GET /graphql` for a browser, and `GET /explorer`. */
export function addExploringRoutes({ fastify, apollo, random }: ExploringRouteParts): void {
  const renderExplorer = explorer({ nonceBytes: (length) => random.bytes(length) });

  fastify.get(GRAPHQL_PATH, async (request, reply) => {
    const isBrowser = /\btext\/html\b/i.test(request.headers.accept ?? '') && request.url === GRAPHQL_PATH;
    const html = isBrowser ? await landingPage(apollo) : null;
    return html === null ? reply.callNotFound() : sendPage({ reply, csp: LANDING_PAGE_CSP, body: html });
  });
  fastify.get(EXPLORER_PATH, async (_request, reply) => {
    const { body, contentSecurityPolicy } = await renderExplorer();
    return sendPage({ reply, csp: contentSecurityPolicy, body });
  });
}

function sendPage({ reply, csp, body }: { reply: FastifyReply; csp: string; body: string | Buffer }): FastifyReply {
  return reply.header('content-security-policy', csp).type('text/html; charset=utf-8').send(body);
}

/** Apollo's landing page, asked for by a request of ours, so that nothing a client sends decides what Apollo does. */
async function landingPage(apollo: ApolloServer<GatewayContext>): Promise<string | null> {
  const { headers, body } = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method: 'GET',
      headers: new HeaderMap([['accept', 'text/html']]),
      search: '',
      body: undefined,
    },
    context: () => Promise.reject(new RefusedRequest(refusals.methodNotAllowed)),
  });
  const isPage = headers.get('content-type')?.startsWith('text/html') === true;
  return isPage && body.kind === 'complete' ? body.string : null;
}
