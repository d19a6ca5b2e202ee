import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawConnection, rawExchange } from '../support/raw-http.js';
import { type Answer, codeOf, post, startThrowAway, type ThrowAwayGateway } from './throw-away-gateway.js';

let gateway: ThrowAwayGateway;

beforeAll(async () => {
  gateway = await startThrowAway();
});
afterAll(() => gateway.stop());

function expectRefusal(answer: Answer, status: number, code: string): void {
  expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.text).not.toMatch(/<|\bat \b|node_modules|FST_|canary/);
}

const mutation = JSON.stringify({ query: 'mutation { touch }' });

describe('bodies', () => {
  it('C1: refuses text/plain, urlencoded and multipart with 415, and changes nothing', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain;application/json',
    ];
    for (const type of types) {
      for (const preflight of [[], [['apollo-require-preflight', 'true']]]) {
        expectRefusal(
          await post(gateway, { body: mutation, headers: { 'content-type': type, ...Object.fromEntries(preflight) } }),
          415,
          'UNSUPPORTED_MEDIA_TYPE',
        );
      }
    }
    expect(gateway.touched()).toBe(0);
  });

  it('refuses a body without a content type, of another one, or in another charset than UTF-8', async () => {
    const start = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n';
    const untyped = await rawExchange({
      port: gateway.port,
      text: `${start}Content-Length: ${mutation.length}\r\n\r\n${mutation}`,
    });
    expect(untyped).toMatch(/^HTTP\/1\.1 415 [\s\S]*"UNSUPPORTED_MEDIA_TYPE"/);
    const types = ['utf-7', 'utf-16', 'iso-8859-1', '"utf-7"', 'utf-8; charset=utf-7'].map(
      (charset) => `application/json; charset=${charset}`,
    );
    for (const type of [
      ...types,
      'application/graphql',
      'application/jsonp',
      'application/json garbage',
      'application/json; charset',
    ]) {
      expectRefusal(
        await post(gateway, { body: mutation, headers: { 'content-type': type } }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      );
    }
    expect(gateway.touched()).toBe(0);
  });

  it('takes application/json in any case, with a charset of UTF-8 or none', async () => {
    for (const type of [
      'application/json',
      'Application/JSON;charset=UTF-8',
      'application/json; charset="utf-8"',
      'application/json;',
    ]) {
      expect((await post(gateway, { headers: { 'content-type': type } })).status).toBe(200);
    }
  });

  it('refuses a compressed body', async () => {
    for (const encoding of ['gzip', 'br', 'deflate', 'x']) {
      expectRefusal(await post(gateway, { headers: { 'content-encoding': encoding } }), 415, 'UNSUPPORTED_MEDIA_TYPE');
    }
  });

  it('H3: answers bad JSON, an empty body, bytes that are not UTF-8 and deep nesting with 400 in JSON', async () => {
    const deep = (open: string, close: string) => open.repeat(15_000) + close.repeat(15_000);
    const bodies: (string | Buffer)[] = [
      '',
      '{',
      'canary',
      '{"query":"canary"',
      '"canary"',
      'null',
      '{}',
      Buffer.from([0x22, 0xff, 0x22]),
    ];
    const nested = [
      deep('[', ']'),
      `{"query":"{hello}","variables":{"a":${deep('[', ']')}}}`,
      `${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}`,
    ];
    for (const body of [...bodies, ...nested]) {
      expectRefusal(await post(gateway, { body: body as string }), 400, 'BAD_REQUEST');
    }
  });

  it('does not take brackets inside strings for nesting', async () => {
    const query = `# ${'[{'.repeat(500)} "\n{ hello }`;
    expect((await post(gateway, { body: JSON.stringify({ query }) })).json).toEqual({ data: { hello: 'world' } });
  });

  it('H3: answers a body of 1 MB with 413 in JSON, chunked or not, and takes 100 KB', async () => {
    const padded = (bytes: number) => JSON.stringify({ query: '{ hello }' }).padEnd(bytes, ' ');
    expectRefusal(await post(gateway, { body: padded(1_000_000) }), 413, 'PAYLOAD_TOO_LARGE');
    expectRefusal(await post(gateway, { body: padded(100 * 1024 + 1) }), 413, 'PAYLOAD_TOO_LARGE');
    const chunked = new Blob([padded(1_000_000)]).stream();
    expectRefusal(await post(gateway, { body: chunked, duplex: 'half' } as RequestInit), 413, 'PAYLOAD_TOO_LARGE');
    expect((await post(gateway, { body: padded(100 * 1024) })).status).toBe(200);
  });

  it('H3: lets a client that sends all of a large body first read why it was refused', async () => {
    const connection = await rawConnection({ port: gateway.port });
    const bytes = 20_000_000;
    connection.write(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`,
    );
    connection.write(' '.repeat(bytes));
    await connection.until(/^HTTP\/1\.1 413 [\s\S]*"PAYLOAD_TOO_LARGE"/);
    connection.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await connection.until(/"live"/);
    connection.socket.destroy();
  });

  it('refuses keys that poison prototypes', async () => {
    for (const poison of [
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"\\u005f_proto__":{}}',
    ]) {
      expectRefusal(await post(gateway, { body: `{"query":"{hello}","variables":${poison}}` }), 400, 'BAD_REQUEST');
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
