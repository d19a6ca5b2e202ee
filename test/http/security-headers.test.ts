import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawExchange } from '../support/raw-http.js';
import { ask, post, startThrowAway, type ThrowAwayGateway } from './throw-away-gateway.js';

let development: ThrowAwayGateway;
let production: ThrowAwayGateway;

beforeAll(async () => {
  development = await startThrowAway();
  production = await startThrowAway({
    config: { isProduction: true, allowedOrigins: [] },
    readiness: () => {
      throw new Error('canary');
    },
  });
});
afterAll(async () => {
  await development.stop();
  await production.stop();
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const OF_ONE_ANSWER = ['content-type', 'content-length', 'connection', 'keep-alive', 'date', 'x-request-id', 'allow'];

/** Headers of a raw answer, but for those that belong to this one alone. */
function commonHeaders(raw: string): Record<string, string> {
  const [head = ''] = raw.split('\r\n\r\n', 1);
  const pairs = head
    .split('\r\n')
    .slice(1)
    .map((line) => [line.split(': ', 1)[0]?.toLowerCase() ?? '', line.slice(line.indexOf(': ') + 2)]);
  return Object.fromEntries(pairs.filter(([name = '']) => !OF_ONE_ANSWER.includes(name)));
}

describe('security headers', () => {
  it('H9: are on answers of every status, with no-store', async () => {
    const answers = await Promise.all([
      post(production),
      post(production, { body: '{' }),
      ask(production, { path: '/nowhere' }),
      ask(production, {}),
      post(production, { body: ' '.repeat(200_000) }),
      post(production, { headers: { 'content-type': 'text/plain' } }),
      ask(production, { path: '/health/ready' }),
      ask(production, { path: '/health/live' }),
      ask(production, { path: '/%zz' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 404, 405, 413, 415, 500, 200, 400]);
    for (const { headers } of answers) {
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
      );
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('vary')).toBe('Origin');
      expect(headers.get('x-request-id')).toMatch(UUID);
      expect(headers.get('x-powered-by') ?? headers.get('server')).toBeNull();
    }
  });

  it('H9: a fault of ours is constant text and the request id, under which it is logged', async () => {
    const answer = await ask(production, { path: '/health/ready' });
    const requestId = answer.headers.get('x-request-id');
    expect(answer.json.errors).toEqual([
      { message: 'Something went wrong on our side.', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } },
    ]);
    expect(production.logLines().find((line) => line.requestId === requestId && line.level === 'error')).toBeDefined();
  });

  it('H9: are the same on answers written to the bare socket', async () => {
    for (const gateway of [development, production]) {
      const routed = await rawExchange({
        port: gateway.port,
        text: 'GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      });
      for (const text of [
        'garbage\r\n\r\n',
        `GET / HTTP/1.1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
        'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
      ]) {
        const bare = await rawExchange({ port: gateway.port, text });
        expect(commonHeaders(bare)).toEqual(commonHeaders(routed));
        expect(/x-request-id: (\S+)/.exec(bare)?.[1]).toMatch(UUID);
      }
    }
  });

  it('H9: HSTS stays away in development', async () => {
    expect((await post(development)).headers.get('strict-transport-security')).toBeNull();
  });

  it('H9: the key set alone may be cached', async () => {
    const path = '/.well-known/jwks.json';
    const keys = await ask(development, { path });
    expect([keys.status, keys.json]).toEqual([200, { keys: [{ kid: 'k1', kty: 'EC' }] }]);
    expect(keys.headers.get('cache-control')).toBe('public, max-age=300');
    expect((await ask(development, { path, method: 'HEAD' })).headers.get('cache-control')).toBe('public, max-age=300');
    const refused = await ask(development, { path, method: 'DELETE' });
    expect([refused.status, refused.headers.get('allow'), refused.headers.get('cache-control')]).toEqual([
      405,
      'GET, HEAD',
      'no-store',
    ]);
  });

  it("the request id is ours, new for each request, never the client's", async () => {
    const answers = await Promise.all(
      [1, 2].map(() => post(development, { headers: { 'x-request-id': 'forged', 'request-id': 'forged' } })),
    );
    const ids = answers.map(({ headers }) => headers.get('x-request-id') ?? '');
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(UUID);
    expect(development.logText()).not.toContain('forged');
  });
});
