import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../platform/logger.js';
import { allowedMethods } from './paths.js';
import { type Refusal, RefusedRequest, refusalJson, refusals } from './refusal.js';
import { pathOf } from './request-log.js';

const REFUSAL_BY_CODE: Record<string, Refusal> = {
  FST_ERR_CTP_BODY_TOO_LARGE: refusals.bodyTooLarge,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: refusals.mediaType,
  FST_ERR_CTP_EMPTY_JSON_BODY: refusals.emptyBody,
  FST_ERR_CTP_INVALID_JSON_BODY: refusals.malformedJson,
};

/** Answers with a refusal: JSON, constant, without a word of what was sent. */
export function refuse({ reply, refusal }: { reply: FastifyReply; refusal: Refusal }): FastifyReply {
  if (refusal.isLast) reply.header('connection', 'close');
  if (refusal.retryAfter !== undefined) reply.header('retry-after', refusal.retryAfter);
  return reply
    .code(refusal.status)
    .type('application/json; charset=utf-8')
    .send(refusalJson({ refusal, requestId: reply.request.id }));
}

/** Answers a request that no route takes: 405 where the path exists, else 404. */
export function refuseUnrouted({ reply, isProduction }: { reply: FastifyReply; isProduction: boolean }): FastifyReply {
  const allow = allowedMethods({ path: pathOf(reply.request.url), isProduction });
  if (allow === null) return refuse({ reply, refusal: refusals.notFound });
  return refuse({ reply: reply.header('allow', allow), refusal: refusals.methodNotAllowed });
}

/** Makes every error and every unknown path a refusal; what is our fault is logged, and told only by its request id. */
export function refuseInJson({
  fastify,
  log,
  isProduction,
}: {
  fastify: FastifyInstance;
  log: Logger;
  isProduction: boolean;
}): void {
  fastify.setNotFoundHandler((_request: FastifyRequest, reply) => refuseUnrouted({ reply, isProduction }));
  refuseErrorsInJson({ fastify, log });
}

/** Makes every error a refusal. */
export function refuseErrorsInJson({ fastify, log }: { fastify: FastifyInstance; log: Logger }): void {
  fastify.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.status >= 500) logFailure({ log, error, requestId: request.id });
    // Fastify would close at once, and the reset would discard the answer; Node drops the rest of the body instead.
    reply.removeHeader('connection');
    return refuse({ reply, refusal });
  });
}

function logFailure({ log, error, requestId }: { log: Logger; error: unknown; requestId: string }): void {
  const { name, message, stack } = error instanceof Error ? error : { name: 'unknown', message: '', stack: '' };
  log.error({ event: 'internal_error', requestId, err: { type: name, message, stack } }, 'request failed');
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof RefusedRequest) return error.refusal;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? REFUSAL_BY_CODE[code] : undefined;
  if (known !== undefined) return known;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? refusals.malformed
    : refusals.internal;
}
