import { createAuthExchange } from '@gatehouse/client/urql';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, cacheExchange, fetchExchange, gql } from '@urql/core';
import { claimsOf } from '../../../dist/test/support/session-facts.js';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';
import { waitUntil } from '../../../dist/test/support/wait-until.js';
import { byOurClient } from './support/by-our-client.js';
import { createRecordedFetch } from './support/recorded-fetch.js';
import { count, signInApp } from './support/signed-in-app.js';
import { itStaysSignedIn, sessionsQuery } from './support/third-party.js';

const ACCESS_TOKEN_TTL_SECONDS = 900;

describe('urql with our exchange', () => {
  itStaysSignedIn(
    byOurClient(({ app, url, fetch }) => {
      const exchanges = [createAuthExchange(app), fetchExchange];
      const client = new Client({ url, exchanges, preferGetMethod: false, fetch });
      return async (operationName) => {
        const { data, error } = await client.query<{ sessions: { id: string }[] }>(
          gql(sessionsQuery(operationName)),
          {},
        );
        return {
          ids: data?.sessions.map(({ id }) => id) ?? [],
          codes: (error?.graphQLErrors ?? []).map(({ extensions }) => extensions['code']),
        };
      };
    }),
  );
});

describe('our exchange for urql', () => {
  let gate: TestGateway;
  beforeAll(async () => {
    gate = await startTestGateway();
  });
  afterAll(() => gate.close());

  /** Somebody signed in, and how they ask; `answer` may answer in the gateway's stead. */
  const start = async (answer?: (operationName: string) => Response | null) => {
    const signedIn = await signInApp(gate);
    const recorded = createRecordedFetch(answer);
    const openWith = (app = signedIn.app) =>
      new Client({
        url: app.url,
        exchanges: [cacheExchange, createAuthExchange(app), fetchExchange],
        preferGetMethod: false,
        fetch: recorded.fetch,
        fetchOptions: { headers: { 'x-request-id': 'one' } },
      });
    return { ...signedIn, ...recorded, openWith, client: openWith() };
  };
  const ME = gql('query Me { me { id email } }');
  const SESSIONS = gql('query Sessions { sessions { id } }');

  it('refreshes ahead of the end, so that no query is refused, and keeps the other headers', async () => {
    const { app, client, device, pass, sent, headers, email } = await start();
    pass(ACCESS_TOKEN_TTL_SECONDS);
    expect((await client.query(ME, {})).data).toMatchObject({ me: { email } });
    expect(sent).toEqual(['Me']);
    expect(count(device, 'RefreshToken')).toBe(1);
    expect(headers[0]?.get('x-request-id')).toBe('one');
    expect(headers[0]?.get('authorization')).toBe(`Bearer ${await app.getAccessToken()}`);
  });

  it('finds out by itself whether there is a session, when the app has just opened', async () => {
    const { open, openWith, email } = await start();
    expect((await openWith(open()).query(ME, {})).data).toMatchObject({ me: { email } });
  });

  it('asks once, and without a token, where nobody is signed in', async () => {
    const { app, client, device, sent, headers } = await start();
    await app.logout();
    const { error } = await client.query(SESSIONS, {});
    expect(error?.graphQLErrors[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' });
    expect(sent).toEqual(['Sessions']);
    expect(headers[0]?.has('authorization')).toBe(false);
    expect(count(device, 'RefreshToken')).toBe(0);
  });

  it('renews a token that a gateway in front refuses, and asks once more, not twice', async () => {
    const { client, device, sent, headers } = await start(() => new Response('who are you?', { status: 401 }));
    expect((await client.query(ME, {})).error?.networkError).toBeDefined();
    expect(sent).toEqual(['Me', 'Me']);
    expect(new Set(headers.map((one) => one.get('authorization'))).size).toBe(2);
    expect(count(device, 'RefreshToken')).toBe(1);
  });

  it('ends in a network error where the gateway is away, logs nobody out, and goes on when it is back', async () => {
    const { app, client, device, pass, sent, email } = await start();
    pass(ACCESS_TOKEN_TTL_SECONDS);
    device.intercept(() => Promise.reject(new TypeError('fetch failed')));
    const { error } = await client.query(ME, {});
    expect(error?.networkError).toMatchObject({ code: 'UNREACHABLE' });
    expect(sent).toEqual([]);
    expect(app.state.status).toBe('signed_in');
    device.intercept(null);
    expect((await client.query(ME, {})).data).toMatchObject({ me: { email } });
  });

  it('spends what is left of a token while there is no new one to be had', async () => {
    const { app, client, device, pass, headers } = await start();
    const accessToken = await app.getAccessToken();
    const { iat, exp } = claimsOf(accessToken ?? '');
    pass(exp - iat - 20);
    device.intercept(() => Promise.reject(new TypeError('fetch failed')));
    expect(app.peekAccessToken()).toBeNull();
    await client.query(ME, {});
    expect(headers[0]?.get('authorization')).toBe(`Bearer ${accessToken}`);
  });

  it("renews again for a query that urql's cache sends again, and leaves no token in what it keeps", async () => {
    const { client, device, sent, email } = await start();
    const seen: unknown[] = [];
    const { unsubscribe } = client.query(ME, {}).subscribe((result) => {
      if (!result.stale) seen.push(result.data);
      expect(JSON.stringify(result.operation.context)).not.toMatch(/bearer/i);
      expect(result.operation.context.fetchOptions).toEqual({ headers: { 'x-request-id': 'one' } });
    });
    // The first query is refused and renewed; so is, by the server's clock alone, the one that the cache sends.
    gate.clock.advance(ACCESS_TOKEN_TTL_SECONDS * 1.1);
    await client.query(ME, {}, { requestPolicy: 'network-only' });
    gate.clock.advance(ACCESS_TOKEN_TTL_SECONDS * 1.1);
    const before = sent.length;
    const INVALIDATE = gql(
      'mutation Invalidate { login(input: { email: "x@example.org", password: "x" }) { __typename } }',
    );
    await client.mutation(INVALIDATE, {}, { additionalTypenames: ['User'] });
    await waitUntil('the cache has asked', () => sent.length >= before + 3);
    await waitUntil('the answer is there', () => seen.length >= 2);
    unsubscribe();
    expect(seen.at(-1)).toMatchObject({ me: { email } });
    expect(count(device, 'RefreshToken')).toBe(2);
  });
});
