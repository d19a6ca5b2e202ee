import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clientAddress } from '../../src/http/client-address.js';
import { rawExchange } from '../support/raw-http.js';
import { post, startThrowAway, type ThrowAwayGateway } from './throw-away-gateway.js';

let development: ThrowAwayGateway;
let production: ThrowAwayGateway;
let behindProxy: ThrowAwayGateway;

beforeAll(async () => {
  development = await startThrowAway();
  production = await startThrowAway({ config: { isProduction: true, allowedOrigins: [] } });
  behindProxy = await startThrowAway({ config: { trustedProxies: ['loopback', '10.0.0.0/8'] } });
});
afterAll(async () => {
  for (const gateway of [development, production, behindProxy]) await gateway.stop();
});

const withHosts = async (gateway: ThrowAwayGateway, hosts: string[]) => {
  const lines = hosts.map((host) => `Host: ${host}\r\n`).join('');
  const answer = await rawExchange({
    port: gateway.port,
    text: `GET /health/live HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`,
  });
  return [answer.slice(9, 12), /"code":"(\w+)"/.exec(answer)?.[1]];
};

const MALFORMED = [
  [],
  [''],
  ['a b'],
  ['localhost:port'],
  ['localhost:999999'],
  ['user@localhost'],
  ['localhost/x'],
  ['[::1'],
  ['[zz]'],
  ['a..b:1:2'],
  ['256.1.1.1'],
  ['localhost', 'localhost'],
  ['a'.repeat(300)],
];

describe('the Host header', () => {
  it('answers 400 to one that is missing, repeated or malformed', async () => {
    for (const gateway of [development, production]) {
      for (const hosts of MALFORMED)
        expect([hosts, await withHosts(gateway, hosts)]).toEqual([hosts, ['400', 'BAD_REQUEST']]);
    }
  });

  it('refuses in development every name that is neither local nor of PUBLIC_URL (DNS rebinding)', async () => {
    for (const host of [
      'evil.test',
      'evil.test:4000',
      'localhost.evil.test',
      '127.0.0.1.evil.test',
      '127.0.0.2',
      '192.168.0.7:4000',
      '[::2]',
      'localhost.',
    ]) {
      expect([host, await withHosts(development, [host])]).toEqual([host, ['421', 'MISDIRECTED_REQUEST']]);
    }
    for (const host of [
      'localhost',
      'LOCALHOST:1',
      '127.0.0.1:4000',
      '[::1]',
      '[::1]:4000',
      'gateway.test',
      'Gateway.Test:81',
    ]) {
      expect([host, await withHosts(development, [host])]).toEqual([host, ['200', undefined]]);
    }
  });

  it('takes any well-formed name in production', async () => {
    for (const host of ['auth.example.org', '10.1.2.3:4000', 'gateway_1:4000']) {
      expect([host, await withHosts(production, [host])]).toEqual([host, ['200', undefined]]);
    }
  });
});

describe("the client's address", () => {
  const addressOf = async (gateway: ThrowAwayGateway, headers: Record<string, string>) => {
    const answer = await post(gateway, { body: JSON.stringify({ query: '{ facts }' }), headers });
    return JSON.parse((answer.json.data as { facts: string }).facts) as {
      ipAddress: string;
      userAgent: string;
      requestId: string;
    };
  };
  const forged = { 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9', forwarded: 'for=203.0.113.9' };

  it("is the socket's, whatever a client claims, unless a proxy is trusted", async () => {
    expect((await addressOf(development, forged)).ipAddress).toBe('127.0.0.1');
  });

  it('is the first that no trusted proxy vouches for, behind trusted ones', async () => {
    const seen = (chain: string) => addressOf(behindProxy, { 'x-forwarded-for': chain });
    expect((await seen('203.0.113.9')).ipAddress).toBe('203.0.113.9');
    expect((await seen('198.51.100.1, 203.0.113.9, 10.1.1.1')).ipAddress).toBe('203.0.113.9');
    expect((await seen('::ffff:203.0.113.9')).ipAddress).toBe('203.0.113.9');
    expect((await seen("'; drop table users --")).ipAddress).toBe('127.0.0.1');
  });

  it('is not moved by the other forwarding headers, which are never read', async () => {
    const headers = { 'x-forwarded-host': 'a b/evil', 'x-forwarded-proto': 'java script', 'x-real-ip': '203.0.113.9' };
    expect((await addressOf(behindProxy, headers)).ipAddress).toBe('127.0.0.1');
  });

  it('comes with the user agent and the id of the answer', async () => {
    const answer = await post(development, {
      body: JSON.stringify({ query: '{ facts }' }),
      headers: { 'user-agent': 'probe/1' },
    });
    const facts = JSON.parse((answer.json.data as { facts: string }).facts) as Record<string, string>;
    expect(facts).toEqual({
      requestId: answer.headers.get('x-request-id'),
      ipAddress: '127.0.0.1',
      userAgent: 'probe/1',
    });
  });

  it('has one form for each address', () => {
    expect(clientAddress(['::ffff:127.0.0.1'])).toBe('127.0.0.1');
    expect(clientAddress(['::ffff:7f00:1'])).toBe('127.0.0.1');
    expect(clientAddress(['2001:0DB8:0:0::1'])).toBe('2001:db8::1');
    expect(clientAddress(['fe80::1%eth0'])).toBe('fe80::1');
    expect(clientAddress(['10.0.0.1', 'unknown'])).toBe('10.0.0.1');
    expect(clientAddress([undefined])).toBe('');
  });
});
