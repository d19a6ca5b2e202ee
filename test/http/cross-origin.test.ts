import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, ask, post, startThrowAway, type ThrowAwayGateway } from './throw-away-gateway.js';

let development: ThrowAwayGateway;
let listed: ThrowAwayGateway;
let none: ThrowAwayGateway;

beforeAll(async () => {
  development = await startThrowAway();
  listed = await startThrowAway({
    config: {
      isProduction: true,
      allowedOrigins: ['https://app.good.test', 'http://localhost:3000'],
      ownOrigin: 'https://auth.good.test',
    },
  });
  none = await startThrowAway({ config: { isProduction: true, allowedOrigins: [] } });
});
afterAll(async () => {
  for (const gateway of [development, listed, none]) await gateway.stop();
});

const preflight = (gateway: ThrowAwayGateway, origin: string) =>
  ask(gateway, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });

const corsHeaders = ({ headers }: Answer) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));

const FOREIGN = [
  'https://evil.test',
  'https://app.good.test.evil',
  'https://evilapp.good.test',
  'http://app.good.test',
  'https://app.good.test:8443',
  'https://good.evil',
  'null',
  'http://',
  'http://localhost.evil.test',
  'http://localhost:3000.evil.test',
];

describe('cross-origin requests', () => {
  it('C8: a foreign origin gets no CORS header, on a preflight either, and Vary: Origin', async () => {
    for (const gateway of [development, listed, none]) {
      for (const origin of FOREIGN) {
        const answers = [await post(gateway, { headers: { origin } }), await preflight(gateway, origin)];
        for (const answer of answers) {
          expect([origin, corsHeaders(answer), answer.headers.get('vary')]).toEqual([origin, [], 'Origin']);
        }
        expect(answers[1]?.status).toBe(405);
      }
    }
  });

  it('C8: an allowed origin gets itself, never *, and may send credentials', async () => {
    const allowed: [ThrowAwayGateway, string][] = [
      [listed, 'https://app.good.test'],
      [development, 'http://localhost:5173'],
      [development, 'https://127.0.0.1'],
      [development, 'http://[::1]:3000'],
    ];
    for (const [gateway, origin] of allowed) {
      const answer = await post(gateway, { headers: { origin } });
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
      expect(answer.headers.get('access-control-expose-headers')).toBe('x-request-id, retry-after');
      expect(answer.headers.get('vary')).toBe('Origin');
    }
  });

  it('C8: an origin that is not there gets no CORS header, nor does the own one, which needs none', async () => {
    expect(corsHeaders(await post(listed))).toEqual([]);
    expect(corsHeaders(await post(listed, { headers: { origin: 'https://auth.good.test' } }))).toEqual([]);
  });

  it('C8: no local origin is allowed where a list says otherwise', async () => {
    expect(corsHeaders(await post(listed, { headers: { origin: 'http://localhost:5173' } }))).toEqual([]);
    expect(corsHeaders(await post(none, { headers: { origin: 'http://localhost:3000' } }))).toEqual([]);
  });

  it('C8: refusals bear the CORS headers, too, so that an allowed page can read them', async () => {
    const origin = 'http://localhost:5173';
    const refused = [
      await post(development, { body: '{', headers: { origin } }),
      await ask(development, { path: '/nowhere', headers: { origin } }),
    ];
    for (const answer of refused) {
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
      expect(answer.headers.get('vary')).toBe('Origin');
    }
  });

  it('H8: answers the preflight of an allowed origin with what clients send', async () => {
    const answer = await preflight(listed, 'https://app.good.test');
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.good.test');
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
    expect(answer.headers.get('access-control-allow-methods')).toBe('POST');
    const allowedHeaders = answer.headers.get('access-control-allow-headers')?.split(', ');
    expect(allowedHeaders).toEqual(
      expect.arrayContaining(['content-type', 'authorization', 'apollo-require-preflight', 'x-apollo-operation-name']),
    );
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});
