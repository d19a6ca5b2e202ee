import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawExchange } from '../support/raw-http.js';
import { ask, codeOf, post, startThrowAway, type ThrowAwayGateway } from './throw-away-gateway.js';

let development: ThrowAwayGateway;
let production: ThrowAwayGateway;

beforeAll(async () => {
  development = await startThrowAway();
  production = await startThrowAway({ config: { isProduction: true, allowedOrigins: [] } });
});
afterAll(async () => {
  await development.stop();
  await production.stop();
});

const both = () => [development, production];

describe('methods and paths', () => {
  it('answers a POST of JSON', async () => {
    for (const gateway of both()) {
      const answer = await post(gateway);
      expect([answer.status, answer.json]).toEqual([200, { data: { hello: 'world' } }]);
    }
  });

  it('C2: refuses a query, a mutation and HEAD by GET with 405, and executes nothing', async () => {
    const init = { headers: { 'apollo-require-preflight': '1', 'content-type': 'application/json' } };
    for (const gateway of both()) {
      for (const path of ['/graphql', '/graphql?query={hello}', '/graphql?query=mutation{touch}']) {
        const get = await ask(gateway, { ...init, path });
        expect([get.status, get.headers.get('allow'), codeOf(get)]).toEqual([405, 'POST', 'METHOD_NOT_ALLOWED']);
        const head = await ask(gateway, { ...init, path, method: 'HEAD' });
        expect([head.status, head.headers.get('allow')]).toEqual([405, 'POST']);
      }
      expect(gateway.touched()).toBe(0);
    }
  });

  it('G13: shows a browser no landing page in production, and no explorer', async () => {
    const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    const page = await ask(production, { headers });
    expect([page.status, codeOf(page), page.headers.get('content-type')]).toEqual([
      405,
      'METHOD_NOT_ALLOWED',
      'application/json; charset=utf-8',
    ]);
    const explorer = await ask(production, { path: '/explorer', headers });
    expect([explorer.status, codeOf(explorer)]).toEqual([404, 'NOT_FOUND']);
  });

  it('G13: supports neither persisted queries by GET, nor @defer, nor an upgrade to a websocket', async () => {
    const extensions = encodeURIComponent('{"persistedQuery":{"version":1,"sha256Hash":"00"}}');
    expect((await ask(production, { path: `/graphql?extensions=${extensions}` })).status).toBe(405);
    const deferred = await post(production, {
      body: JSON.stringify({ query: '{ ... @defer { hello } }' }),
      headers: { accept: 'multipart/mixed; deferSpec=20220824, application/json' },
    });
    expect(deferred.json.errors).toHaveLength(1);
    const upgrade = await rawExchange({
      port: production.port,
      text: 'GET /graphql HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    });
    expect(upgrade).toMatch(/^HTTP\/1\.1 405 /);
  });

  it('G10: refuses array batches of 0, 1, 2 and 10 with 400', async () => {
    for (const size of [0, 1, 2, 10]) {
      const answer = await post(development, {
        body: JSON.stringify(Array(size).fill({ query: 'mutation { touch }' })),
      });
      expect([size, answer.status, codeOf(answer)]).toEqual([size, 400, 'BAD_REQUEST']);
    }
    expect(development.touched()).toBe(0);
  });

  it('H8: answers TRACE, PUT, DELETE, PATCH, CONNECT and OPTIONS with 405 or 400, in JSON', async () => {
    for (const method of ['TRACE', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const text = `${method} /graphql HTTP/1.1\r\nHost: localhost\r\nX-Canary: echo-me\r\nConnection: close\r\n\r\n`;
      const answer = await rawExchange({ port: development.port, text });
      expect(answer).toMatch(/^HTTP\/1\.1 405 [\s\S]*allow: POST[\s\S]*METHOD_NOT_ALLOWED/i);
      expect(answer).not.toContain('echo-me');
    }
    const connect = await rawExchange({
      port: development.port,
      text: 'CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\n\r\n',
    });
    expect(connect).toMatch(/^HTTP\/1\.1 405 [\s\S]*"METHOD_NOT_ALLOWED"/);
    const star = await rawExchange({
      port: development.port,
      text: 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    });
    expect(star).toMatch(/^HTTP\/1\.1 400 [\s\S]*"BAD_REQUEST"/);
  });

  it('says 404 in JSON for an unknown path, whatever the method, body or encoding, and echoes none of it', async () => {
    for (const [method, path] of [
      ['GET', '/canary'],
      ['POST', '/canary'],
      ['PUT', '/graphql/'],
      ['GET', '/%2e%2e/canary'],
    ] as const) {
      const init = method === 'GET' ? {} : { body: '{"canary', headers: { 'content-type': 'text/canary' } };
      const answer = await ask(development, { method, path, ...init });
      expect([path, answer.status, codeOf(answer)]).toEqual([path, 404, 'NOT_FOUND']);
      expect(answer.text).not.toContain('canary');
    }
  });

  it('refuses a URL that cannot be decoded, or that is not a path, with 400 in JSON', async () => {
    for (const target of ['/%c0%80', '/%', 'http://localhost/graphql', '/%zz?x']) {
      const text = `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      expect(await rawExchange({ port: development.port, text })).toMatch(
        /^HTTP\/1\.1 400 [\s\S]*x-request-id: [\s\S]*"BAD_REQUEST"/i,
      );
    }
  });

  it('answers an unknown Expect with 417 and 100-continue with an answer', async () => {
    const start =
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 19\r\n';
    const unknown = await rawExchange({
      port: development.port,
      text: `${start}Expect: coffee\r\n\r\n{"query":"{hello}"}`,
    });
    expect(unknown).toMatch(/^HTTP\/1\.1 417 [\s\S]*"EXPECTATION_FAILED"/);
    const known = await rawExchange({
      port: development.port,
      text: `${start}Expect: 100-continue\r\n\r\n{"query":"{hello}"}`,
    });
    expect(known).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  });

  it('L3: refuses a token in the query string, with any method', async () => {
    for (const query of ['access_token=canary', 'token=canary', 'refreshToken=canary', 'query=mutation{touch}']) {
      const answer = await post(development, { path: `/graphql?${query}` });
      expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_REQUEST']);
      expect(answer.text).not.toContain('canary');
      expect((await ask(development, { path: `/graphql?${query}`, headers: { accept: 'text/html' } })).status).toBe(
        405,
      );
    }
    expect(development.logText()).not.toContain('canary=');
    expect(development.logText()).not.toContain('access_token');
  });
});
