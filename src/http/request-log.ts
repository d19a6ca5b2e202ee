import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics/metrics.js';
import type { RequestNotes } from '../platform/request-notes.js';
import { parseTraceParent } from '../platform/tracing.js';

const PATH_LENGTH_MAX = 200;
/** Longer parts of a path are none of ours: somebody may have put a secret there. */
const LONG_PATH_PART = /[^/]{33,}/g;
const OPERATION_NAME = /^[_A-Za-z]\w{0,63}$/;

interface RequestLogParts {
  log: Logger;
  clock: Clock;
  metrics: Metrics;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** Logs one line once a request is through, answered or aborted: never a header, a body or a query string (secrets). */
export function logWhenThrough({ log, clock, metrics, request, reply }: RequestLogParts): void {
  const beganMs = clock.monotonicMs();
  reply.raw.once('close', () => {
    metrics.response(reply.statusCode);
    if (log.isLevelEnabled?.('info') !== false)
      logRequest({ log, request, reply, durationMs: clock.monotonicMs() - beganMs });
  });
}

function logRequest({
  log,
  request,
  reply,
  durationMs,
}: Omit<RequestLogParts, 'clock' | 'metrics'> & { durationMs: number }): void {
  log.info(
    {
      event: 'request',
      requestId: request.id,
      method: request.method,
      path: pathOf(request.url).slice(0, PATH_LENGTH_MAX).replace(LONG_PATH_PART, '…'),
      status: reply.statusCode,
      durationMs: Math.round(durationMs),
      // What is undefined is left out.
      aborted: reply.raw.writableFinished ? undefined : true,
      operationName: operationNameOf(request.body),
      ...notesOf(request),
    },
    'request',
  );
}

const notes = new WeakMap<FastifyRequest, RequestNotes>();

/** The notes of a request, begun with the trace that it belongs to. */
export function notesOf(request: FastifyRequest): RequestNotes {
  const known = notes.get(request);
  if (known !== undefined) return known;
  const { traceparent } = request.headers;
  const traceId = traceparent === undefined ? undefined : parseTraceParent(traceparent)?.traceId;
  const begun: RequestNotes = traceId === undefined ? {} : { traceId };
  notes.set(request, begun);
  return begun;
}

/** A URL's path, without query string or fragment. */
export function pathOf(url: string): string {
  return url.split(/[?#;]/, 1)[0] ?? '';
}

function operationNameOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('operationName' in body)) return undefined;
  const { operationName } = body;
  return typeof operationName === 'string' && OPERATION_NAME.test(operationName) ? operationName : undefined;
}
