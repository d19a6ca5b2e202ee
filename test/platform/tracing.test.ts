import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { parseTraceParent } from '../../src/platform/tracing.js';
import { LOGIN, type Person } from '../support/graphql-client.js';
import { type RecordedSpan, recordSpans } from '../support/recording-tracer.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;

let gate: TestGateway;
let ada: Person;
beforeAll(async () => {
  gate = await startTestGateway();
  ada = await gate.registerSomebody();
});
afterAll(() => gate.close());

let recording: ReturnType<typeof recordSpans> | null = null;
afterEach(() => recording?.stop());

async function traceIdOf(headers: Record<string, string>): Promise<unknown> {
  const answer = await gate.send('{ __typename }', {}, { headers });
  const requestId = answer.headers.get('x-request-id');
  const line = gate.logLines.map((each) => JSON.parse(each)).find((each) => each.requestId === requestId);
  return line?.traceId;
}

/** The names of a span and of all above it. */
function wayUp(span: RecordedSpan | undefined, spans: readonly RecordedSpan[]): string[] {
  if (span === undefined) return [];
  return [
    span.name,
    ...wayUp(
      spans.find(({ spanId }) => spanId === span.parentSpanId),
      spans,
    ),
  ];
}

describe('traceparent', () => {
  it('puts its trace id on the log line of the request', async () => {
    expect(await traceIdOf({ traceparent: TRACEPARENT })).toBe(TRACE_ID);
    expect(await traceIdOf({})).toBeUndefined();
  });

  it('is not believed where it is not what W3C Trace Context allows', async () => {
    const malformed = [
      '',
      'canary',
      TRACEPARENT.toUpperCase(),
      `${TRACEPARENT}-more`,
      `ff-${TRACE_ID}-${SPAN_ID}-01`,
      `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
      `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
      `00-${TRACE_ID}-${SPAN_ID}`,
      `00-${TRACE_ID}0-${SPAN_ID}-01`,
      `${TRACEPARENT}, ${TRACEPARENT}`,
      `cc-${TRACE_ID}-${SPAN_ID}-01-${'x'.repeat(1_000)}`,
    ];
    for (const traceparent of malformed) {
      expect([traceparent, await traceIdOf({ traceparent })]).toEqual([traceparent, undefined]);
    }
    expect(gate.logLines.join('')).not.toContain('canary');
    // A later version may say more.
    expect(parseTraceParent(`cc-${TRACE_ID}-${SPAN_ID}-00-more`)).toMatchObject({
      traceId: TRACE_ID,
      isSampled: false,
    });
  });
});

describe('with a tracer of the operator’s', () => {
  it('a login is one trace: request, operation, statements and hashing', async () => {
    recording = recordSpans();
    const { spans } = recording;
    const input = { email: ada.email, password: ada.password };
    const headers = { traceparent: TRACEPARENT };
    expect((await gate.send(LOGIN, { input }, { headers })).data.login.__typename).toBe('AuthPayload');
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE_ID]));
    const request = spans.find(({ name }) => name === 'POST /graphql');
    expect(request).toMatchObject({ parentSpanId: SPAN_ID, attributes: { 'http.route': '/graphql' } });
    const above = ['mutation login', 'POST /graphql'];
    expect(
      wayUp(
        spans.find(({ name }) => name === 'hashing'),
        spans,
      ),
    ).toEqual(['hashing', ...above]);
    const statements = spans.filter(({ name }) => name === 'statement');
    expect(statements.length).toBeGreaterThan(1);
    for (const statement of statements) expect(wayUp(statement, spans)).toEqual(['statement', ...above]);
  });

  it('a request without a parent begins a trace, which its log line names', async () => {
    recording = recordSpans();
    const { spans } = recording;
    const traceId = await traceIdOf({});
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(spans.map((span) => span.traceId)).toContain(traceId);
  });

  it('L1: no span holds a secret or a value of a statement', async () => {
    recording = recordSpans();
    const { spans } = recording;
    const person = await gate.login(ada);
    await gate.refresh(person.refreshToken);
    await gate.send(LOGIN, { input: { email: ada.email, password: 'canary long passphrase' } });
    await gate.send('query { me { id } }', {}, { accessToken: 'canary.canary.canary' });
    await gate.send('query Canary { canary }');
    const text = JSON.stringify(spans);
    expect(spans.length).toBeGreaterThan(10);
    for (const secret of [
      'canary',
      'Canary',
      ada.email,
      ada.password,
      person.refreshToken,
      person.accessToken,
      ada.user.id,
    ]) {
      expect(text).not.toContain(secret);
    }
  });
});
