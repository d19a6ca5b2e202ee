import type { IncomingMessage } from 'node:http';
import type { ApolloServer } from '@apollo/server';
import { fastify as createFastify, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Config } from '../config.js';
import type { GatewayContext, MakeContext } from '../graphql/context.js';
import type { HotLane } from '../graphql/hot-lane/hot-lane.js';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/logger.js';
import type { DevInbox } from '../platform/mail/dev-inbox.js';
import type { Metrics } from '../platform/metrics/metrics.js';
import type { Random } from '../platform/random.js';
import { addAccountRoutes } from './account-routes.js';
import { createAdmission } from './admission.js';
import { bareAnswers } from './bare-answer.js';
import { closeGracefully } from './close-gracefully.js';
import { type Connections, trackConnections } from './connections.js';
import { pageCheck } from './cross-origin.js';
import { addDevMailRoutes } from './dev-mail-routes.js';
import { addExploringRoutes, addGraphqlRoute } from './graphql-routes.js';
import { readOnlyJson } from './json-body.js';
import { type HttpLimits, httpLimits } from './limits.js';
import { listenOn } from './listen.js';
import { addOperatingRoutes, type Readiness } from './operating-routes.js';
import { refuseInJson } from './refusing.js';
import { requestCheck } from './request-checks.js';
import { addRequestHooks } from './request-hooks.js';
import { warnOfDrops } from './warn-of-drops.js';

export interface HttpServerParts {
  config: Pick<
    Config,
    | 'host'
    | 'port'
    | 'isProduction'
    | 'publicUrl'
    | 'allowedOrigins'
    | 'ownOrigin'
    | 'cookieSameSite'
    | 'trustedProxies'
    | 'accountPagesUrl'
  >;
  limits?: Partial<HttpLimits>;
  log: Logger;
  random: Random;
  clock: Clock;
  metrics: Metrics;
  /** Already started; its plugins hold those of `landingPagePlugins`. */
  apollo: ApolloServer<GatewayContext>;
  /** null: Apollo's pipeline answers everything. */
  hotLane: HotLane | null;
  /** Never throws: what is wrong with a token is a state of the context. */
  context: MakeContext;
  /** Whether an `Authorization` header bears an access token that is taken here. */
  isTokenTaken: (authorization: string | null) => boolean;
  /** The public JWK set. */
  jwks: () => object;
  /** Causes are words of ours. */
  readiness: () => Readiness;
  /** The mail that was sent lately; null: in production. */
  inbox: DevInbox | null;
}

export interface HttpServer {
  fastify: FastifyInstance;
  /** Rejects with Node's error where the port is taken. */
  listen(): Promise<{ url: string; port: number }>;
  /** Answers what is in flight, then ends; a second call waits for the first. */
  close(): Promise<void>;
}

/** The gateway's HTTP side, ready to listen: every answer is JSON (but the explorers' pages) and bears the security headers. */
export async function createHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const { config, log, clock, metrics, random } = parts;
  const limits = httpLimits(parts.limits);
  const unreadableUrls = new WeakSet<IncomingMessage>();
  let closing: Promise<void> | null = null;
  const isClosing = () => closing !== null;

  const fastify = bareServer({ parts, limits, unreadableUrls, connections: () => connections });
  const connections: Connections = trackConnections(fastify.server);
  fastify.server.maxConnections = limits.connectionsMax;
  warnOfDrops({ server: fastify.server, log, clock });

  const hostRule = { isProduction: config.isProduction, publicUrl: config.publicUrl };
  // Not on the first of several pipelined requests: Node would drop the answers to the others.
  const isLast = ({ raw }: FastifyReply) => connections.underWay(raw.req.socket).at(-1) === raw;
  const check = requestCheck({ hostRule, limits, unreadableUrls });
  await addRequestHooks({ fastify, config, log, clock, metrics, isClosing, isLast, check });
  refuseInJson({ fastify, log, isProduction: config.isProduction });
  readOnlyJson({ fastify, depthMax: limits.bodyDepthMax });

  const readiness = () => (isClosing() ? { isReady: false, causes: ['closing'] } : parts.readiness());
  const isPageAllowed = pageCheck(config);
  addGraphqlRoute({ ...parts, fastify, admission: createAdmission(limits), isPageAllowed });
  addOperatingRoutes({ fastify, jwks: parts.jwks, readiness });
  addAccountRoutes({ fastify, random, accountPagesUrl: config.accountPagesUrl });
  if (!config.isProduction) addExploringRoutes({ fastify, apollo: parts.apollo, random });
  if (parts.inbox !== null) addDevMailRoutes({ fastify, random, inbox: parts.inbox });

  const close = async () => {
    await closeGracefully({ server: fastify.server, connections, limits, log });
    await fastify.close();
  };
  return {
    fastify,
    listen: () => listenOn({ fastify, host: config.host, port: config.port }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

interface BareServerParts {
  parts: HttpServerParts;
  limits: HttpLimits;
  unreadableUrls: WeakSet<IncomingMessage>;
  connections: () => Connections;
}

/** Fastify with the timeouts and caps, and with an answer of ours wherever Node or the router would give one of its own. */
function bareServer({ parts, limits, unreadableUrls, connections }: BareServerParts): FastifyInstance {
  const { config, random, log } = parts;
  const bare = bareAnswers({ isProduction: config.isProduction, random, log, connections });
  const fastify = createFastify({
    logger: false,
    genReqId: () => random.id(),
    // A client's own id could forge or flood log lines.
    requestIdHeader: false,
    trustProxy: config.trustedProxies.length > 0 ? config.trustedProxies : false,
    exposeHeadRoutes: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionTimeout: limits.silenceTimeoutMs,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
      maxHeaderSize: limits.headerBytesMax,
      // Node's own answer to a missing Host has neither body nor headers; the check of the host has both.
      requireHostHeader: false,
    },
    clientErrorHandler: bare.onClientError,
    frameworkErrors: (_error, request, reply) => {
      // This answer would pass by every hook: send it through the router again, to be refused like any other.
      unreadableUrls.add(request.raw);
      request.raw.url = '/';
      fastify.routing(request.raw, reply.raw);
    },
  });
  fastify.server.on('connect', bare.onConnect);
  // Otherwise Node answers an unknown Expect itself, without headers.
  fastify.server.on('checkExpectation', (request, response) => fastify.server.emit('request', request, response));
  return fastify;
}
