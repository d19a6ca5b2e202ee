import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/logger.js';

const PATH_LENGTH_MAX = 200;
const OPERATION_NAME = /^[_A-Za-z]\w{0,63}$/;

interface RequestLogParts {
  log: Logger;
  clock: Clock;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** Logs one line once a request is through, answered or aborted: never a header, a body or a query string (secrets). */
export function logWhenThrough({ log, clock, request, reply }: RequestLogParts): void {
  const beganMs = clock.monotonicMs();
  reply.raw.once('close', () => logRequest({ log, request, reply, durationMs: clock.monotonicMs() - beganMs }));
}

function logRequest({
  log,
  request,
  reply,
  durationMs,
}: Omit<RequestLogParts, 'clock'> & { durationMs: number }): void {
  const operationName = operationNameOf(request.body);
  log.info(
    {
      event: 'request',
      requestId: request.id,
      method: request.method,
      path: pathOf(request.url).slice(0, PATH_LENGTH_MAX),
      status: reply.statusCode,
      durationMs: Math.round(durationMs),
      ...(reply.raw.writableFinished ? {} : { aborted: true }),
      ...(operationName === null ? {} : { operationName }),
    },
    'request',
  );
}

/** A URL's path, without query string or fragment. */
export function pathOf(url: string): string {
  return url.split(/[?#;]/, 1)[0] ?? '';
}

function operationNameOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('operationName' in body)) return null;
  const { operationName } = body;
  return typeof operationName === 'string' && OPERATION_NAME.test(operationName) ? operationName : null;
}
