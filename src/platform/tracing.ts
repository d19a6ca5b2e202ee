import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';

const TRACER_NAME = 'gatehouse';
/** version, trace-id, parent-id, trace-flags (W3C Trace Context 3.2); a later version may add more after a dash. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.{1,400})?$/;

/** What the caller's span is called; nothing else of the header is used. */
export interface TraceParent {
  traceId: string;
  spanId: string;
  isSampled: boolean;
}

/** Reads `traceparent`; null where it is none, is malformed, or comes more than once. */
export function parseTraceParent(header: unknown): TraceParent | null {
  const [, version, traceId = '', spanId = '', flags = '', more] =
    (typeof header === 'string' && TRACEPARENT.exec(header)) || [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) !== 0 };
}

/** The operator's tracer; null where the process has no SDK, so that nothing is made for nobody. */
function tracerInUse(): Tracer | null {
  const provider: { getTracer(name: string): Tracer; getDelegateTracer?(name: string): Tracer | undefined } =
    trace.getTracerProvider();
  if (provider.getDelegateTracer === undefined) return provider.getTracer(TRACER_NAME);
  return provider.getDelegateTracer(TRACER_NAME) ?? null;
}

/** Runs `work` in the span of a request, a child of the caller's; `work` gets its trace id, undefined where nothing is traced. */
export function tracedRequest<Result>(
  needs: { name: string; attributes: () => Attributes; parent: TraceParent | null },
  work: (traceId: string | undefined) => Promise<Result>,
): Promise<Result> {
  const tracer = tracerInUse();
  if (tracer === null) return work(undefined);
  const { name, attributes, parent } = needs;
  const traceFlags = parent?.isSampled === true ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const remote = parent && { traceId: parent.traceId, spanId: parent.spanId, traceFlags, isRemote: true };
  const around = remote === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes: attributes() }, around);
  return within(span, around, () => work(span.spanContext().traceId));
}

/** Runs `work` in a span below the one that is under way; without one, as it is: what nobody asked for is not traced. */
export function traced<Result>(
  name: string,
  attributes: () => Attributes,
  work: () => Promise<Result>,
): Promise<Result> {
  const tracer = tracerInUse();
  const around = context.active();
  if (tracer === null || trace.getSpan(around) === undefined) return work();
  return within(tracer.startSpan(name, { attributes: attributes() }, around), around, work);
}

/** Names the span under way once it is known what it is about; not one of the application around. */
export function nameSpan(name: string, attributes: Attributes): void {
  const span = trace.getSpan(context.active());
  if (span !== undefined && own.has(span)) span.updateName(name).setAttributes(attributes);
}

const own = new WeakSet<Span>();

async function within<Result>(span: Span, around: Context, work: () => Promise<Result>): Promise<Result> {
  own.add(span);
  try {
    return await context.with(trace.setSpan(around, span), work);
  } catch (error) {
    // Never the message: it may hold what no trace may hold.
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
    throw error;
  } finally {
    span.end();
  }
}
