import cors from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.js';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics/metrics.js';
import { corsOptions } from './cross-origin.js';
import { JWKS_PATH } from './paths.js';
import type { Refusal } from './refusal.js';
import { refuse, refuseUnrouted } from './refusing.js';
import { logWhenThrough } from './request-log.js';
import { NOT_STORED, securityHeaders } from './security-headers.js';

interface RequestHookParts {
  fastify: FastifyInstance;
  config: Pick<Config, 'isProduction' | 'allowedOrigins'>;
  log: Logger;
  clock: Clock;
  metrics: Metrics;
  isClosing: () => boolean;
  /** Whether this answer is to be the last on its connection, now that the server closes. */
  isLast: (reply: FastifyReply) => boolean;
  /** Why a request is refused before anything of it is used; null: it is not. */
  check: (request: FastifyRequest) => Refusal | null;
}

/** What happens to every request, in this order: headers, checks, CORS, unknown paths; and to every answer. */
export async function addRequestHooks(parts: RequestHookParts): Promise<void> {
  const { fastify, config } = parts;
  const { isProduction, allowedOrigins } = config;
  addAnswerHooks(parts);
  await fastify.register(cors, corsOptions({ allowedOrigins }));
  // Here, not after parsing: no body is read for a path that does not exist.
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.is404) refuseUnrouted({ reply, isProduction });
    else done();
  });
}

/** Headers and checks of every request, headers of every answer. */
export function addAnswerHooks(parts: RequestHookParts): void {
  const { fastify, config, log, clock, metrics, isClosing, isLast, check } = parts;
  const { isProduction } = config;
  const headers = securityHeaders({ isProduction });
  // With callbacks: a promise for each hook of each request costs more than what it does.
  fastify.addHook('onRequest', (request, reply, done) => {
    logWhenThrough({ log, clock, metrics, request, reply });
    beginAnswer({ request, reply, headers });
    const refusal = check(request);
    if (refusal === null) done();
    else refuse({ reply, refusal });
  });
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    const end = (isLastOfConnection: boolean) => {
      endAnswer({ request, reply, isLast: isLastOfConnection });
      done();
    };
    if (!isClosing()) end(false);
    // Not at once: the requests behind this one in the same packet have not been read yet.
    else queueMicrotask(() => end(isLast(reply)));
  });
}

function beginAnswer({
  request,
  reply,
  headers,
}: {
  request: FastifyRequest;
  reply: FastifyReply;
  headers: Record<string, string>;
}): void {
  // Fastify believes these from a trusted proxy; nothing here depends on them, so nobody can forge anything by them.
  delete request.raw.headers['x-forwarded-host'];
  delete request.raw.headers['x-forwarded-proto'];
  reply.headers(headers).header('x-request-id', request.id);
}

function endAnswer({
  request,
  reply,
  isLast,
}: {
  request: FastifyRequest;
  reply: FastifyReply;
  isLast: boolean;
}): void {
  // A route may not loosen this by itself, except where the keys are published.
  if (reply.getHeader('cache-control') !== NOT_STORED) {
    const mayBeCached = request.routeOptions.url?.endsWith(JWKS_PATH) === true && [200, 304].includes(reply.statusCode);
    if (!mayBeCached) reply.header('cache-control', NOT_STORED);
  }
  if (isLast) reply.header('connection', 'close');
}
