import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAuthFetch } from '@gatehouse/client/fetch';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimsOf } from '../../../dist/test/support/session-facts.js';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';
import { count, signInApp } from './support/signed-in-app.js';

/** A server beside the gateway; the first answers are those that a test asks for, the others 200. */
interface Api {
  origin: string;
  /** What came, oldest first. */
  seen: { authorization: string | undefined; language: string | undefined; body: string }[];
  next: { status: number; headers?: Record<string, string>; body?: string }[];
  close(): Promise<void>;
}

async function startApi(): Promise<Api> {
  const seen: Api['seen'] = [];
  const next: Api['next'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { authorization, 'accept-language': language } = request.headers;
      seen.push({ authorization, language, body });
      const answer = next.shift() ?? { status: 200, body: 'welcome' };
      response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { origin, seen, next, close };
}

let gate: TestGateway;
let api: Api;
let stranger: Api;
beforeAll(async () => {
  [gate, api, stranger] = await Promise.all([startTestGateway(), startApi(), startApi()]);
});
afterAll(() => Promise.all([gate.close(), api.close(), stranger.close()]));

const start = async () => {
  const signedIn = await signInApp(gate);
  for (const { seen, next } of [api, stranger]) {
    seen.length = 0;
    next.length = 0;
  }
  return { ...signedIn, authFetch: createAuthFetch(signedIn.app, { origins: [api.origin] }) };
};
const refusal = (extensions: object, status = 200) => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ errors: [{ message: 'no', extensions }] }),
});

describe('our fetch', () => {
  it('shows the token to the gateway and to the origins that were named, and to nobody else', async () => {
    const { app, authFetch } = await start();
    const bearer = `Bearer ${await app.getAccessToken()}`;
    const body = JSON.stringify({ query: '{ me { email } }' });
    const headers = { 'content-type': 'application/json' };
    const me = await authFetch(app.url, { method: 'POST', headers, body });
    expect(((await me.json()) as { data: { me: unknown } }).data.me).not.toBeNull();
    await authFetch(`${api.origin}/orders`);
    await authFetch(new URL(`${api.origin}/orders`));
    await authFetch(new Request(`${api.origin}/orders`));
    expect(api.seen.map(({ authorization }) => authorization)).toEqual([bearer, bearer, bearer]);

    const port = new URL(api.origin).port;
    await authFetch(stranger.origin);
    await authFetch(new Request(stranger.origin));
    await authFetch(`${stranger.origin}/?from=${api.origin}`);
    await authFetch(`http://localhost:${port}/`);
    expect(stranger.seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined, undefined]);
    expect(api.seen.at(-1)?.authorization).toBeUndefined();
  });

  it('does not let the token follow to another origin', async () => {
    const { authFetch } = await start();
    api.next.push({ status: 302, headers: { location: stranger.origin } });
    await authFetch(api.origin);
    expect(api.seen[0]?.authorization).toMatch(/^Bearer /);
    expect(stranger.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it("leaves the caller's own authorization alone, also where it is refused", async () => {
    const { authFetch, device } = await start();
    api.next.push({ status: 401 });
    const answer = await authFetch(api.origin, { headers: { Authorization: 'Basic eA==' } });
    expect(answer.status).toBe(401);
    expect(api.seen.map(({ authorization }) => authorization)).toEqual(['Basic eA==']);
    expect(count(device, 'RefreshToken')).toBe(0);
  });

  it('keeps what a Request brings: its headers, and an authorization among them', async () => {
    const { app, authFetch } = await start();
    await authFetch(new Request(api.origin, { headers: { 'accept-language': 'eo' } }));
    await authFetch(new Request(api.origin, { headers: { authorization: 'Basic eA==' } }));
    expect(api.seen.map(({ authorization }) => authorization)).toEqual([
      `Bearer ${await app.getAccessToken()}`,
      'Basic eA==',
    ]);
    expect(api.seen[0]?.language).toBe('eo');
  });

  it('takes a relative address for one of the page, and for nobody of ours where there is no page', async () => {
    const { app } = await start();
    const bearers: (string | null)[] = [];
    const send: typeof fetch = async (_input, init) => {
      bearers.push(new Headers(init?.headers).get('authorization'));
      return new Response();
    };
    const authFetch = createAuthFetch(app, { origins: [api.origin], fetch: send });
    await authFetch('/orders');
    try {
      for (const origin of [api.origin, stranger.origin]) {
        Object.assign(globalThis, { location: { href: `${origin}/page` } });
        await authFetch('/orders');
      }
    } finally {
      Reflect.deleteProperty(globalThis, 'location');
    }
    expect(bearers).toEqual([null, `Bearer ${await app.getAccessToken()}`, null]);
  });

  it.each([
    ['status 401', { status: 401 }],
    ['a GraphQL error', refusal({ code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' })],
    ['a GraphQL error without a reason', refusal({ code: 'UNAUTHENTICATED' })],
    [
      'a GraphQL error of the newer content type',
      {
        ...refusal({ code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' }),
        headers: { 'content-type': 'application/graphql-response+json' },
      },
    ],
    ['both', refusal({ code: 'UNAUTHENTICATED', reason: 'SESSION_ENDED' }, 401)],
  ])('renews the token after %s and sends the same once more', async (_what, answer) => {
    const { authFetch, device } = await start();
    for (const body of ['plain text', new URLSearchParams('a=b'), new Blob(['plain text'])]) {
      api.next.push(answer);
      const before = api.seen.length;
      expect(await (await authFetch(api.origin, { method: 'POST', body })).text()).toBe('welcome');
      const [first, second] = api.seen.slice(before);
      expect(second?.body).toBe(first?.body);
      expect(second?.authorization).not.toBe(first?.authorization);
    }
    expect(count(device, 'RefreshToken')).toBe(3);
    api.next.push(answer);
    const request = new Request(api.origin, { method: 'POST', body: 'in a Request' });
    expect(await (await authFetch(request)).text()).toBe('welcome');
    expect(api.seen.at(-1)?.body).toBe('in a Request');
  });

  it('sends no third time, and hands on the refusal as it came', async () => {
    const { authFetch, device } = await start();
    const answer = refusal({ code: 'UNAUTHENTICATED', reason: 'TOKEN_INVALID' });
    api.next.push(answer, answer, answer);
    expect(await (await authFetch(api.origin)).text()).toBe(answer.body);
    expect(api.seen).toHaveLength(2);
    expect(count(device, 'RefreshToken')).toBe(1);
  });

  it.each([
    ['another code', refusal({ code: 'FORBIDDEN' })],
    ['a refusal of the refresh itself', refusal({ code: 'UNAUTHENTICATED', reason: 'INVALID_GRANT' }, 401)],
    [
      'what only looks like one',
      { ...refusal({ code: 'UNAUTHENTICATED' }), headers: { 'content-type': 'text/plain' } },
    ],
    ['broken JSON', { ...refusal({}), body: '{"errors":' }],
  ])('does not renew for %s', async (_what, answer) => {
    const { authFetch, device } = await start();
    api.next.push(answer);
    expect(await (await authFetch(api.origin)).text()).toBe(answer.body);
    expect(api.seen).toHaveLength(1);
    expect(count(device, 'RefreshToken')).toBe(0);
  });

  it('sends once what can be read but once', async () => {
    const { authFetch } = await start();
    api.next.push({ status: 401 });
    const body = new Blob(['a stream']).stream();
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect((await authFetch(api.origin, init)).status).toBe(401);
    expect(api.seen.map((one) => one.body)).toEqual(['a stream']);
  });

  it('refreshes ahead of the end, and sends without a token where nobody is signed in', async () => {
    const { app, authFetch, pass } = await start();
    const { iat, exp } = claimsOf((await app.getAccessToken()) ?? '');
    pass(exp - iat);
    await authFetch(api.origin);
    expect(api.seen).toHaveLength(1);
    expect(api.seen[0]?.authorization).toBe(`Bearer ${await app.getAccessToken()}`);
    await app.logout();
    await authFetch(api.origin);
    expect(api.seen[1]?.authorization).toBeUndefined();
  });

  it('stops at once where its caller does, and not the refresh that others wait for', async () => {
    const { app, authFetch, device, pass } = await start();
    const { iat, exp } = claimsOf((await app.getAccessToken()) ?? '');
    pass(exp - iat);
    let release = () => {};
    device.intercept(async (_operationName, forward) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return forward();
    });
    const stopping = new AbortController();
    const asked = authFetch(api.origin, { signal: stopping.signal });
    const other = app.getAccessToken();
    stopping.abort(new Error('no longer needed'));
    await expect(asked).rejects.toThrow('no longer needed');
    device.intercept(null);
    release();
    expect(await other).not.toBeNull();
    expect(api.seen).toEqual([]);
  });

  it.each([
    ['a signal', (signal: AbortSignal): Parameters<typeof fetch> => [api.origin, { signal }]],
    ["a Request's signal", (signal: AbortSignal): Parameters<typeof fetch> => [new Request(api.origin, { signal })]],
  ])('stops while the token is renewed, by %s', async (_what, argumentsWith) => {
    const { authFetch, device } = await start();
    const stopping = new AbortController();
    let release = () => {};
    api.next.push({ status: 401 });
    device.intercept(async (_operationName, forward) => {
      stopping.abort(new Error('no longer needed'));
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return forward();
    });
    await expect(authFetch(...argumentsWith(stopping.signal))).rejects.toBeDefined();
    expect(stopping.signal.aborted).toBe(true);
    expect(api.seen).toHaveLength(1);
    device.intercept(null);
    release();
  });

  it('refuses to be made with an origin that is none', async () => {
    const { app } = await start();
    expect(() => createAuthFetch(app, { origins: ['api.example.org'] })).toThrow('Invalid URL');
  });
});
