import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { GOOD_PASSWORD, REGISTER } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const PUBLIC_URL = 'https://auth.example.org';
let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ PUBLIC_URL, TRUSTED_PROXIES: 'loopback' });
});
afterAll(() => gate.close());

/** Registers somebody by a request that names another host wherever a request can. */
function registerWithForgedHost(url: string): Promise<string> {
  const body = JSON.stringify({
    query: REGISTER,
    variables: { input: { email: 'forged@example.org', password: GOOD_PASSWORD } },
  });
  const headers = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    forwarded: 'host=evil.example',
    'content-type': 'application/json',
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/graphql`, { method: 'POST', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    });
    sent.on('error', reject).end(body);
  });
}

it('H6: takes its own URL from the settings, whatever host a request names', async () => {
  const production = await gate.startSibling({
    config: { ...gate.parts.config, isProduction: true, hasIntrospection: false },
  });
  try {
    const text = await registerWithForgedHost(production.gateway.url);
    expect(text).not.toContain('evil');
    const { accessToken } = JSON.parse(text).data.register;
    expect(jwt.decode(accessToken)).toMatchObject({ iss: PUBLIC_URL, aud: PUBLIC_URL });
  } finally {
    await production.gateway.close();
  }
});
