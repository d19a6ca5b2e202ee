import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RecordedSpan, recordSpans } from '../../support/recording-tracer.js';
import { RefusingResolver } from './refusing.resolver.js';
import {
  type Comparing,
  codesOf,
  registration,
  type Seen,
  type Sent,
  type Side,
  sameInBothLanes,
  startTwoLanes,
  type TwoLanes,
} from './two-lanes.js';

const TRACE_ID = '4b'.repeat(16);

let lanes: TwoLanes;
beforeAll(async () => {
  lanes = await startTwoLanes({}, { resolvers: [RefusingResolver] });
  await sameInBothLanes(lanes, () => ({ body: { query: '{ __typename }' } }));
});
afterAll(() => lanes.close());

const same = (sent: Sent, how?: Comparing<Side>) => sameInBothLanes(lanes, () => sent, how);
const outcome = (seen: Seen) => [seen.status, ...codesOf(seen)];

describe('both lanes understand a body the same way', () => {
  const several = 'query A { a: __typename } query B { b: __typename } mutation C { c: __typename }';
  const one = 'query A { only: __typename }';
  const byLane: Record<string, [unknown, unknown]> = {
    'the first of several': [{ query: several, operationName: 'A' }, { a: 'Query' }],
    'the second of several': [{ query: several, operationName: 'B' }, { b: 'Query' }],
    'a mutation among several': [{ query: several, operationName: 'C' }, { c: 'Mutation' }],
    'the only one by its name': [{ query: one, operationName: 'A' }, { only: 'Query' }],
    'the only one without a name': [{ query: one }, { only: 'Query' }],
    'the only one, its name null': [
      { query: one, operationName: null, variables: null, extensions: null },
      { only: 'Query' },
    ],
    'variables that nothing uses': [{ query: one, variables: { more: [1, { two: 3 }] } }, { only: 'Query' }],
    'no extensions': [{ query: one, extensions: {} }, { only: 'Query' }],
    'what Apollo Client says of itself': [
      { query: one, extensions: { clientLibrary: { name: '@apollo/client', version: '4.0.0' } } },
      { only: 'Query' },
    ],
    'no persisted query': [{ query: one, extensions: { persistedQuery: null } }, { only: 'Query' }],
    'members of no meaning': [{ query: one, id: 1, doc_id: 'x', query_id: null, extra: {} }, { only: 'Query' }],
  };
  it.each(Object.entries(byLane))('%s', async (_, [body, data]) => {
    const seen = await same({ body });
    expect([seen.status, seen.json.data]).toEqual([200, data]);
  });

  it('and what each of several operations does, one after the other', async () => {
    for (const operationName of ['B', 'A', 'C', 'B']) await same({ body: { query: several, operationName } });
  });

  const persistedQuery = { version: 1, sha256Hash: 'ab'.repeat(32) };
  const byApollo: Record<string, [unknown, unknown[]]> = {
    'none of several': [{ query: several }, [400, 'OPERATION_RESOLUTION_FAILURE']],
    'null of several': [{ query: several, operationName: null }, [400, 'OPERATION_RESOLUTION_FAILURE']],
    'an unknown one of several': [{ query: several, operationName: 'D' }, [400, 'OPERATION_RESOLUTION_FAILURE']],
    'an empty name of several': [{ query: several, operationName: '' }, [400, 'OPERATION_RESOLUTION_FAILURE']],
    'another name than the only one': [{ query: one, operationName: 'B' }, [400, 'OPERATION_RESOLUTION_FAILURE']],
    'an empty name': [{ query: one, operationName: '' }, [400, 'OPERATION_RESOLUTION_FAILURE']],
    'a name that is a number': [{ query: one, operationName: 1 }, [400, 'BAD_REQUEST']],
    'a name that is a list': [{ query: one, operationName: ['A'] }, [400, 'BAD_REQUEST']],
    'variables that are a text': [{ query: one, variables: '{}' }, [400, 'BAD_REQUEST']],
    'variables that are a list': [{ query: one, variables: [] }, [400, 'BAD_REQUEST']],
    'variables that are false': [{ query: one, variables: false }, [400, 'BAD_REQUEST']],
    'extensions that are a text': [{ query: one, extensions: '{}' }, [400, 'BAD_REQUEST']],
    'extensions that are a list': [{ query: one, extensions: [] }, [400, 'BAD_REQUEST']],
    'extensions that are zero': [{ query: one, extensions: 0 }, [400, 'BAD_REQUEST']],
    'a persisted query': [{ extensions: { persistedQuery } }, [200, 'PERSISTED_QUERY_NOT_SUPPORTED']],
    'a persisted query with its text': [
      { query: one, extensions: { persistedQuery } },
      [200, 'PERSISTED_QUERY_NOT_SUPPORTED'],
    ],
    'a persisted query that is a word': [
      { query: one, extensions: { persistedQuery: 'x' } },
      [200, 'PERSISTED_QUERY_NOT_SUPPORTED'],
    ],
    'a list': [[{ query: one }], [400, 'BAD_REQUEST']],
    'an empty list': [[], [400, 'BAD_REQUEST']],
    nothing: [{}, [400, 'BAD_REQUEST']],
    'no query': [{ operationName: 'A' }, [400, 'BAD_REQUEST']],
    'an empty query': [{ query: '' }, [400, 'BAD_REQUEST']],
    'a query that is null': [{ query: null }, [400, 'BAD_REQUEST']],
    'a query that is a list': [{ query: [one] }, [400, 'BAD_REQUEST']],
    'a query that is a syntax tree': [{ query: { kind: 'Document' } }, [400, 'BAD_REQUEST']],
    'a syntax error': [{ query: '{ me' }, [400, 'GRAPHQL_PARSE_FAILED']],
    'an unknown field': [{ query: '{ mee }' }, [400, 'GRAPHQL_VALIDATION_FAILED']],
  };
  it.each(Object.entries(byApollo))('refused: %s', async (_, [body, expected]) => {
    await same({ body: { query: one } });
    expect(outcome(await same({ body }, { times: 3, by: 'apollo' }))).toEqual(expected);
  });

  it('a document that is longer than the lane keeps', async () => {
    const query = `{ long: __typename } # ${'x'.repeat(20_000)}`;
    expect((await same({ body: { query } }, { times: 3, by: 'apollo' })).json.data).toEqual({ long: 'Query' });
    const shorter = `{ long: __typename } # ${'x'.repeat(19_900)}`;
    await same({ body: { query: shorter } });
  });

  it('texts that differ in a space alone', async () => {
    await same({ body: { query: '{ __typename }' } }, { times: 1 });
    await same({ body: { query: '{  __typename }' } }, { times: 1, by: 'apollo' });
  });
});

describe('both lanes choose the same type of content', () => {
  const JSON_TYPE = 'application/json; charset=utf-8';
  const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
  const accepts: [string | null, string][] = [
    [null, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/json', JSON_TYPE],
    ['Application/JSON', JSON_TYPE],
    ['application/json; charset=utf-8', JSON_TYPE],
    ['application/graphql-response+json', GRAPHQL_TYPE],
    // Apollo Client 4, and urql 5.
    ['application/graphql-response+json,application/json;q=0.9', GRAPHQL_TYPE],
    [
      'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
      GRAPHQL_TYPE,
    ],
    ['application/json;q=0.1, application/graphql-response+json;q=0.2', GRAPHQL_TYPE],
    ['application/json, multipart/mixed;deferSpec=20220824', JSON_TYPE],
    ['text/html, */*;q=0.1', JSON_TYPE],
    ['application/json; callbackSpec=1.0', 'application/json; callbackSpec=1.0; charset=utf-8'],
  ];
  it.each(accepts)('%s', async (accept, type) => {
    for (const query of ['{ __typename }', 'query ($how: String!) { refuse(how: $how) }']) {
      const seen = await same({ body: { query, variables: { how: 'no status' } }, headers: { accept } });
      expect([seen.status, seen.headers]).toEqual([200, expect.arrayContaining([type])]);
    }
    // Refused before it is executed.
    const unfit = { query: 'query ($how: String!) { refuse(how: $how) }', variables: {} };
    expect((await same({ body: unfit, headers: { accept } })).status).toBe(400);
  });

  it.each(['image/png', 'text/html', 'application/json;q=0', 'x', 'multipart/mixed', 'text/event-stream'])(
    'none, and refuse: %s',
    async (accept) => {
      const sent = { body: { query: '{ __typename }' }, headers: { accept } };
      expect((await same(sent, { times: 3, by: 'apollo' })).status).toBe(406);
      const mutation = { body: { query: 'mutation { logout }' }, headers: { accept } };
      expect((await same(mutation, { by: 'apollo' })).status).toBe(406);
    },
  );

  it('for a header that is longer than the lane keeps', async () => {
    const accept = `application/json, ${'text/x-long, '.repeat(40)}*/*`;
    await same({ body: { query: '{ __typename }' }, headers: { accept } }, { times: 3, by: 'apollo' });
  });

  it('where the first answer to a header bears a type that an error asked for', async () => {
    const accept = 'application/json, text/x-other';
    const query = 'query ($how: String!) { refuse(how: $how) }';
    const odd = { body: { query, variables: { how: 'type of content' } }, headers: { accept } };
    await same(odd, { by: 'apollo' });
    const good = await same({ body: { query: '{ __typename }' }, headers: { accept } });
    expect(good.headers).toContain(JSON_TYPE);
    expect((await same(odd)).headers).toContain('text/x-lane');
  });
});

describe('both lanes ask the same of other headers', () => {
  const body = { query: '{ __typename }' };
  it.each([
    'APPLICATION/JSON',
    'application/json; charset="utf-8"',
    'application/json ;charset=UTF-8;',
    'application/json;;',
    'application/json; boundary=x',
  ])('Content-Type: %s', async (type) => {
    expect((await same({ body, headers: { 'content-type': type } })).status).toBe(200);
  });

  it.each(['localhost', 'LOCALHOST:1', '127.0.0.1', '[::1]', '[::1]:4000'])('Host: %s', async (host) => {
    await same({ body, headers: { host } });
  });

  it('Apollo-Require-Preflight and others that have a meaning elsewhere', async () => {
    const headers = {
      'apollo-require-preflight': 'true',
      'x-apollo-operation-name': 'A',
      'apollo-federation-include-trace': 'ftv1',
    };
    await same({ body, headers });
  });
});

it('both lanes put up the same traces', async () => {
  const { query } = registration('');
  const traceparent = `00-${TRACE_ID}-${'0a'.repeat(8)}-01`;
  const tracesOf = async (time: number) => {
    const all = [];
    for (const side of [lanes.hot, lanes.cold]) {
      const recording = recordSpans();
      const { variables } = registration(`traced${time}@example.org`);
      await side.gate.send(query, variables, { headers: { traceparent } });
      recording.stop();
      // Others poll meanwhile, and a registration wakes the one who looks after the outbox.
      const isOfOutbox = ({ attributes }: RecordedSpan) =>
        `${attributes['db.query.text']}`.includes('mail_outbox" AS m');
      const spans = recording.spans.filter((span) => span.traceId === TRACE_ID && !isOfOutbox(span));
      spans.splice(1 + spans.findIndex(({ name }) => name === 'POST /graphql'));
      const nameOf = (id: string | undefined) => spans.find(({ spanId }) => spanId === id)?.name ?? id;
      all.push(
        spans.map(({ name, parentSpanId, attributes }) => {
          const { 'gatehouse.request_id': _, ...others } = attributes;
          return { name, above: nameOf(parentSpanId), attributes: others };
        }),
      );
    }
    return all;
  };
  for (const time of [0, 1]) {
    const [hot, cold] = await tracesOf(time);
    expect(hot).toEqual(cold);
    expect(hot?.map(({ name }) => name)).toEqual(expect.arrayContaining(['mutation register', 'statement', 'hashing']));
  }
});
