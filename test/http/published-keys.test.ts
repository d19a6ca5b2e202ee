import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { publishedKids } from '../support/signing-keys-of.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({}, { signingKeys: null });
});
afterAll(() => gate.close());

const ask = (headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${gate.url}/.well-known/jwks.json`, { method, headers });

describe('the published keys', () => {
  it('bear a strong tag, which stays until they change and saves sending them again', async () => {
    const first = await ask();
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{43}"$/);
    const { keys } = (await first.json()) as { keys: Record<string, string>[] };
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);

    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = await ask({ 'if-none-match': known });
      expect([known, again.status, await again.text()]).toEqual([known, 304, '']);
      const { headers } = again;
      expect([headers.get('etag'), headers.get('cache-control')]).toEqual([tag, 'public, max-age=300']);
    }
    for (const other of ['"other"', tag.slice(1, -1), '']) {
      expect([other, (await ask({ 'if-none-match': other })).status]).toEqual([other, 200]);
    }
    expect((await ask({ 'if-none-match': tag }, 'HEAD')).status).toBe(304);

    gate.clock.advance(30 * 86_400);
    await waitUntil('there is another', async () => (await publishedKids(gate.url)).length === 2);
    const changed = await ask({ 'if-none-match': tag });
    expect([changed.status, changed.headers.get('etag') === tag]).toEqual([200, false]);
  });

  it('are all that there is: no document says that this is an OpenID provider', async () => {
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      expect((await fetch(`${gate.url}/.well-known/${name}`)).status).toBe(404);
    }
  });
});
