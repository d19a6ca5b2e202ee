import { appendFileSync } from 'node:fs';
import process from 'node:process';
import { ApolloServer } from '@apollo/server';
import { expect } from '@jest/globals';
import { withoutDrawn } from '../test/support/without-drawn.js';

/** Loaded before each test file: shows every operation to the lane before its first use, and writes down every answer. */

/** On a request, so that Apollo Server can be seen to answer it. */
const MARK = 'x-test-answer';
/** More than any gateway here takes: such an operation is refused before anything of it is executed. */
const TOO_MANY = { entries: Array<number>(501).fill(0) };
const WITHOUT_SENDER = ['authorization', 'cookie'];

/** Tests whose answers are another matter each time: races, and those that ask until something is so. */
const NEVER_THE_SAME = /at once|at the same moment|have changed since/;

const file = process.env['GATEHOUSE_TEST_ANSWERS'];
if (file === undefined) throw new Error('GATEHOUSE_TEST_ANSWERS is to name the file for the answers');

const byApollo = new Set<string>();
const pipeline = ApolloServer.prototype.executeHTTPGraphQLRequest;
ApolloServer.prototype.executeHTTPGraphQLRequest = function answer(request) {
  byApollo.add(request.httpGraphQLRequest.headers.get(MARK) ?? '');
  return pipeline.call(this, request);
};

const send = globalThis.fetch;
let count = 0;
globalThis.fetch = async (input, init) => {
  const operation = operationOf(input, init);
  if (operation === null) return send(input, init);
  await showToLane(operation);
  count += 1;
  const mark = String(count);
  const headers = new Headers(init?.headers);
  headers.set(MARK, mark);
  const response = await send(input, { ...init, headers });
  const { testPath, currentTestName } = expect.getState();
  const answer = {
    status: response.status,
    headers: [...response.headers].map(([name, value]) => `${name}: ${withoutTimes(withoutDrawn(value))}`),
    body: withoutTimes(withoutDrawn(await response.clone().text())),
  };
  const test = `${testPath?.replace(/^.*dist.test./, '')} › ${currentTestName ?? 'before all'}`;
  const line = JSON.stringify({ test, ...answer, isByApollo: byApollo.has(mark) });
  if (!NEVER_THE_SAME.test(test)) appendFileSync(file, `${line}\n`);
  return response;
};

interface Operation {
  url: string;
  headers: Headers;
  query: string;
  operationName: unknown;
}

/** null: the request is none that the lane could answer. */
function operationOf(input: string | URL | Request, init: RequestInit | undefined): Operation | null {
  const url = String(input);
  if (init?.method !== 'POST' || !url.endsWith('/graphql') || typeof init.body !== 'string') return null;
  const headers = new Headers(init.headers);
  for (const name of WITHOUT_SENDER) headers.delete(name);
  try {
    const { query, operationName } = JSON.parse(init.body);
    return typeof query === 'string' ? { url, headers, query, operationName } : null;
  } catch {
    return null;
  }
}

const shown = new Map<string, Promise<void>>();

/** The operation and the type of content that the client takes, each once. */
async function showToLane({ url, headers, query, operationName }: Operation): Promise<void> {
  const once = (key: unknown[], body: object) => {
    const text = JSON.stringify([url, headers.get('accept'), ...key]);
    const showing = shown.get(text) ?? post({ url, headers, body });
    shown.set(text, showing);
    return showing;
  };
  await once([], { query: '{ __typename }' });
  await once([query, operationName], { query, operationName, variables: TOO_MANY });
}

async function post({ url, headers, body }: { url: string; headers: Headers; body: object }): Promise<void> {
  // What fails here fails in the test, too.
  await send(url, { method: 'POST', headers, body: JSON.stringify(body) }).then(
    (response) => response.text(),
    () => undefined,
  );
}

/** Clocks of tests begin at the present; ports are free ones. */
function withoutTimes(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>')
    .replace(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, '<time>')
    .replace(/-\d{13}@/g, '-<time>@')
    .replace(/(127\.0\.0\.1|localhost):\d+/g, '$1:<port>');
}
