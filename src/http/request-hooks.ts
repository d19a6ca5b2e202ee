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
import { securityHeaders } from './security-headers.js';

interface RequestHookParts {
  fastify: FastifyInstance;
  config: Pick<Config, 'isProduction' | 'allowedOrigins'>;
  log: Logger;
  clock: Clock;
  metrics: Metrics;
  /** Whether this answer is to be the last on its connection. */
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
  fastify.addHook('onRequest', async (request, reply) =>
    request.is404 ? refuseUnrouted({ reply, isProduction }) : undefined,
  );
}

/** Headers and checks of every request, headers of every answer. */
export function addAnswerHooks({ fastify, config, log, clock, metrics, isLast, check }: RequestHookParts): void {
  const { isProduction } = config;
  const headers = securityHeaders({ isProduction });
  fastify.addHook('onRequest', async (request, reply) => {
    logWhenThrough({ log, clock, metrics, request, reply });
    beginAnswer({ request, reply, headers });
  });
  fastify.addHook('onRequest', async (request, reply) => {
    const refusal = check(request);
    return refusal === null ? undefined : refuse({ reply, refusal });
  });
  fastify.addHook('onSend', async (request, reply) => endAnswer({ request, reply, isLast: isLast(reply) }));
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
  const mayBeCached = request.routeOptions.url?.endsWith(JWKS_PATH) === true && [200, 304].includes(reply.statusCode);
  if (!mayBeCached) reply.header('cache-control', 'no-store');
  if (isLast) reply.header('connection', 'close');
}
