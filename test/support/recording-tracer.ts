import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';

/** A span as it was when it ended. */
export interface RecordedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  attributes: Record<string, unknown>;
}

/** What stands where an operator's SDK would: every span that ended is in the list. */
export function recordSpans(): { spans: RecordedSpan[]; stop(): void } {
  const spans: RecordedSpan[] = [];
  let count = 0;
  const startSpan = (name: string, options: SpanOptions = {}, around: Context = ROOT_CONTEXT): Span => {
    count += 1;
    const parent = trace.getSpanContext(around);
    const traceId = parent?.traceId ?? String(count).padStart(32, 'a');
    const spanContext: SpanContext = { traceId, spanId: String(count).padStart(16, 'b'), traceFlags: 1 };
    const recorded: RecordedSpan = {
      name,
      traceId,
      spanId: spanContext.spanId,
      parentSpanId: parent?.spanId,
      attributes: { ...options.attributes },
    };
    const span = {
      spanContext: () => spanContext,
      setAttribute: (key: string, value: unknown) => Object.assign(recorded.attributes, { [key]: value }) && span,
      setAttributes: (attributes: object) => Object.assign(recorded.attributes, attributes) && span,
      setStatus: () => span,
      updateName: (changed: string) => {
        recorded.name = changed;
        return span;
      },
      end: () => void spans.push(recorded),
    } as unknown as Span;
    return span;
  };
  const provider = { getTracer: () => ({ startSpan }) } as unknown as TracerProvider;
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(contextManager());
  return {
    spans,
    stop: () => {
      trace.disable();
      context.disable();
    },
  };
}

function contextManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (around, work, self, ...args) => storage.run(around, () => work.call(self as never, ...args)),
    bind: (_around, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
