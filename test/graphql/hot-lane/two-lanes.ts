import { request as httpRequest } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { expect, jest } from '@jest/globals';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.js';
import { type Person, REGISTER } from '../../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { waitUntil } from '../../support/wait-until.js';
import { withoutDrawn } from '../../support/without-drawn.js';

/** What is sent to `POST /graphql`; a header that is null is not sent. */
export interface Sent {
  body: unknown;
  accessToken?: string;
  headers?: Record<string, string | null>;
}

/** What came back, with what must differ between two gateways replaced. */
export interface Seen {
  status: number;
  /** Names and values in turn, in their order. */
  headers: string[];
  body: string;
  /** The lines of this request. */
  log: unknown[];
  /** Whether Apollo Server's pipeline was asked. */
  isByApollo: boolean;
  /** The body as it came. */
  json: {
    // biome-ignore lint/suspicious/noExplicitAny: what an operation answers depends on its text.
    data?: any;
    errors?: { message: string; extensions: Record<string, unknown> }[];
  };
}

/** Where a request goes, and how its log lines are found. */
export interface Door {
  url: string;
  logLines: readonly string[];
}

/** A gateway, and somebody there. */
export interface Side extends Door {
  gate: TestGateway;
  ada: Person;
}

/** Two gateways of the same settings and clock, each on a database of its own: one with a hot lane, one without. */
export interface TwoLanes {
  hot: Side;
  cold: Side;
  clock: FakeClock;
  close(): Promise<void>;
}

export async function startTwoLanes(
  settings: Record<string, string>,
  changes: Parameters<typeof startTestGateway>[1] = {},
): Promise<TwoLanes> {
  const clock = createFakeClock();
  const sideOf = async (HOT_LANE: string): Promise<Side> => {
    const gate = await startTestGateway({ ...settings, HOT_LANE }, { ...changes, clock });
    const ada = await gate.registerSomebody({ email: 'ada@example.org' });
    return { url: gate.url, logLines: gate.logLines, gate, ada };
  };
  const [hot, cold] = [await sideOf('true'), await sideOf('false')];
  return {
    hot,
    cold,
    clock,
    close: async () => {
      await hot.gate.close();
      await cold.gate.close();
    },
  };
}

export type Ask<At extends Door> = (side: At, time: number) => Sent | Promise<Sent>;

export interface Comparing<At extends Door> {
  /** How often. Default: twice, so that an operation that the first shows to the lane is answered there. */
  times?: number;
  /** Who must give the last answer of the gateway with the lane. Default: the lane. */
  by?: 'lane' | 'apollo';
  /** After each answer. */
  then?: (side: At, seen: Seen) => void;
}

/**
 * Sends the same to both gateways, several times, and compares the answers and log lines.
 *
 * @returns the last answer.
 */
export async function sameInBothLanes<At extends Door>(
  { hot, cold }: { hot: At; cold: At },
  ask: Ask<At>,
  { times = 2, by = 'lane', then }: Comparing<At> = {},
): Promise<Seen> {
  const answersOf = async (side: At) => {
    const answers: Seen[] = [];
    for (let time = 0; time < times; time += 1) {
      const seen = await exchange(side, await ask(side, time));
      then?.(side, seen);
      answers.push(seen);
    }
    return answers;
  };
  const [hotAnswers, coldAnswers] = [await answersOf(hot), await answersOf(cold)];
  const shown = (all: Seen[]) => all.map(({ status, headers, body, log }) => ({ status, headers, body, log }));
  expect(shown(hotAnswers)).toEqual(shown(coldAnswers));
  expect(coldAnswers.map(({ isByApollo }) => isByApollo)).toEqual(coldAnswers.map(() => true));
  const last = hotAnswers.at(-1);
  if (last === undefined) throw new Error('nothing was sent');
  expect(last.isByApollo ? 'apollo' : 'lane').toBe(by);
  return last;
}

const pipeline = jest.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');

/** Sends one request; no other may be under way. */
async function exchange(door: Door, sent: Sent): Promise<Seen> {
  const before = pipeline.mock.calls.length;
  const { status, rawHeaders, text } = await post(door.url, sent);
  const isByApollo = pipeline.mock.calls.length > before;
  const requestId = rawHeaders[rawHeaders.findIndex((name) => name.toLowerCase() === 'x-request-id') + 1] ?? '';
  const lines = () => linesOf(door.logLines, requestId);
  await waitUntil('the line of the request is there', () => lines().some(({ event }) => event === 'request'));
  const headers = rawHeaders.map((part, index) => (rawHeaders[index - 1] === 'Date' ? '<date>' : withoutDrawn(part)));
  const log = lines().map(({ time: _, durationMs: __, ...line }) => JSON.parse(withoutDrawn(JSON.stringify(line))));
  for (const line of log) if (line.err) delete line.err.stack;
  return { status, headers, body: withoutDrawn(text), log, isByApollo, json: JSON.parse(text) };
}

function linesOf(logLines: readonly string[], requestId: string): Record<string, unknown>[] {
  return logLines.map((line) => JSON.parse(line)).filter((line) => line.requestId === requestId);
}

/** By Node's own client: fetch adds headers, and hides how they came. */
function post(url: string, { body, accessToken, headers = {} }: Sent) {
  const all = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
    ...headers,
  };
  const sent = Object.entries(all).filter((header): header is [string, string] => header[1] !== null);
  return new Promise<{ status: number; rawHeaders: string[]; text: string }>((resolve, reject) => {
    const request = httpRequest(`${url}/graphql`, { method: 'POST', headers: Object.fromEntries(sent) });
    request.on('error', reject);
    request.on('response', async (response) => {
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part);
      const { statusCode: status = 0, rawHeaders } = response;
      resolve({ status, rawHeaders, text: Buffer.concat(parts).toString() });
    });
    request.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

/** The codes of an answer's errors. */
export function codesOf({ json }: Seen): unknown[] {
  return (json.errors ?? []).map(({ extensions }) => extensions['code']);
}

/** A registration of somebody new. */
export const registration = (email: string) => ({
  query: REGISTER,
  variables: { input: { email, password: 'a long enough passphrase' } },
});
