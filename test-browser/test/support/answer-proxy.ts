import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request that came through. */
export interface SeenRequest {
  /** The operation's name, or its first field; the method for what is no POST. */
  name: string;
  hasCookie: boolean;
  hasAccessToken: boolean;
  /** The Set-Cookie headers of the answer; empty until there is one. */
  setCookies: string[];
  /** The answer, as text; empty until there is one. */
  answer: string;
}

/** All of an answer; its headers and the beginning of its body; nothing. */
export type Share = 'all' | 'head' | 'none';

/** The network between pages and a gateway, which may lose answers. */
export interface AnswerProxy {
  url: string;
  /** Where requests go to; null: nowhere, each connection is cut. */
  target: string | null;
  /** What X-Forwarded-For is to say; null: nothing. */
  clientAddress: string | null;
  seen: SeenRequest[];
  /** Called when the gateway has answered, and so has committed: what the page is to get of that answer. */
  delivers: (seen: SeenRequest) => Share | Promise<Share>;
  /** How many operations of this name came through. */
  count(name: string): number;
  close(): Promise<void>;
}

/** Starts one on a free port of this machine; at first it delivers everything. */
export async function startAnswerProxy(): Promise<AnswerProxy> {
  const server = createServer((request, response) => {
    pass(proxy, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: AnswerProxy = {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    target: null,
    clientAddress: null,
    seen: [],
    delivers: () => 'all',
    count: (name) => proxy.seen.filter((each) => each.name === name).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

/** Lets the next answer to an operation wait until it is released, for the page to get `share` of it; all others pass. */
export function holdBack(
  proxy: AnswerProxy,
  name: string,
  share: Share = 'all',
): { isHeld: Promise<void>; release(): void } {
  let release = () => {};
  const isReleased = new Promise<void>((resolve) => {
    release = resolve;
  });
  const isHeld = new Promise<void>((resolve) => {
    proxy.delivers = async (seen): Promise<Share> => {
      if (seen.name !== name) return 'all';
      proxy.delivers = () => 'all';
      resolve();
      await isReleased;
      return share;
    };
  });
  return { isHeld, release };
}

/** Loses the next answer to an operation, or all but its head: the gateway has committed; `onLoss` is called then. */
export function loseNext(
  proxy: AnswerProxy,
  name: string,
  { share = 'none', onLoss = () => {} }: { share?: Share; onLoss?: () => void } = {},
): void {
  proxy.delivers = (seen) => {
    if (seen.name !== name) return 'all';
    proxy.delivers = () => 'all';
    onLoss();
    return share;
  };
}

async function pass(proxy: AnswerProxy, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  if (proxy.target === null) return void response.destroy();
  const seen: SeenRequest = {
    name: request.method === 'POST' ? nameOf(body.toString()) : String(request.method),
    hasCookie: request.headers.cookie !== undefined,
    hasAccessToken: request.headers.authorization !== undefined,
    setCookies: [],
    answer: '',
  };
  proxy.seen.push(seen);
  const answer = await forward(proxy, proxy.target, request, body);
  const answerBody = await buffer(answer);
  seen.setCookies = answer.headers['set-cookie'] ?? [];
  seen.answer = answerBody.toString();
  const share = await proxy.delivers(seen);
  if (share === 'none') return void response.destroy();
  // A connection for each request: on one that is kept alive, Chromium would itself repeat a POST whose answer is lost.
  const headers = { ...answer.headers, connection: 'close' };
  response.writeHead(answer.statusCode ?? 502, headers);
  if (share === 'all') response.end(answerBody);
  else response.write(answerBody.subarray(0, 10), () => response.destroy());
}

function forward(
  { clientAddress }: AnswerProxy,
  target: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<IncomingMessage> {
  const forwardedFor = clientAddress === null ? {} : { 'x-forwarded-for': clientAddress };
  const options = { method, headers: { ...headers, ...forwardedFor, connection: 'close' } };
  return new Promise((resolve, reject) => {
    openRequest(new URL(url ?? '/', target), options, resolve)
      .on('error', reject)
      .end(body);
  });
}

function nameOf(body: string): string {
  return /(?:query|mutation)\s+(\w+)/.exec(body)?.[1] ?? /\{\s*(\w+)/.exec(body.replace(/^\{"query":"/, ''))?.[1] ?? '';
}
