import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  gql,
  HttpLink,
  InMemoryCache,
  Observable,
} from '@apollo/client';
import { RetryLink } from '@apollo/client/link/retry';
import { createAuthLink } from '@gatehouse/client/apollo';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';
import { byOurClient } from './support/by-our-client.js';
import { createRecordedFetch } from './support/recorded-fetch.js';
import { count, signInApp } from './support/signed-in-app.js';
import { itStaysSignedIn, sessionsQuery } from './support/third-party.js';

const ACCESS_TOKEN_TTL_SECONDS = 900;

describe('Apollo Client with our link', () => {
  itStaysSignedIn(
    byOurClient(({ app, url, fetch }) => {
      const client = new ApolloClient({
        link: createAuthLink(app).concat(new HttpLink({ uri: url, fetch })),
        cache: new InMemoryCache(),
      });
      return async (operationName) => {
        const { data, error } = await client.query<{ sessions: { id: string }[] }>({
          query: gql(sessionsQuery(operationName)),
          errorPolicy: 'all',
          fetchPolicy: 'no-cache',
        });
        const errors = CombinedGraphQLErrors.is(error) ? error.errors : [];
        return {
          ids: data?.sessions.map(({ id }) => id) ?? [],
          codes: errors.map(({ extensions }) => extensions?.['code']),
        };
      };
    }),
  );
});

describe('our link for Apollo Client', () => {
  let gate: TestGateway;
  beforeAll(async () => {
    gate = await startTestGateway();
  });
  afterAll(() => gate.close());

  /** Somebody signed in, and how they ask; `answer` may answer in the gateway's stead. */
  const start = async (answer?: (operationName: string) => Response | null) => {
    const signedIn = await signInApp(gate);
    const recorded = createRecordedFetch(answer);
    const link = createAuthLink(signedIn.app);
    const open = (before = ApolloLink.from([])) =>
      new ApolloClient({
        link: ApolloLink.from([before, link, new HttpLink({ uri: signedIn.app.url, fetch: recorded.fetch })]),
        cache: new InMemoryCache(),
      });
    return { ...signedIn, ...recorded, link, open };
  };
  const ME = gql('query Me { me { email } }');
  const PASSING_LINK = new ApolloLink((operation, forward) => forward(operation));

  it('refreshes ahead of the end, so that no query is refused', async () => {
    const { open, device, pass, sent, email } = await start();
    pass(ACCESS_TOKEN_TTL_SECONDS);
    expect((await open(PASSING_LINK).query({ query: ME })).data).toMatchObject({ me: { email } });
    expect(sent).toEqual(['Me']);
    expect(count(device, 'RefreshToken')).toBe(1);
  });

  it("sends along the operation's other headers, and leaves it its own token", async () => {
    const { open, headers, app } = await start();
    const client = open(PASSING_LINK);
    await client.query({ query: ME, context: { headers: { 'x-request-id': 'one' } } });
    expect(headers[0]?.get('x-request-id')).toBe('one');
    expect(headers[0]?.get('authorization')).toBe(`Bearer ${await app.getAccessToken()}`);

    const own = { context: { headers: { Authorization: 'Bearer of another server' } }, errorPolicy: 'all' as const };
    await client.query({ query: ME, fetchPolicy: 'no-cache', ...own });
    expect(headers[1]?.get('authorization')).toBe('Bearer of another server');
    expect(headers).toHaveLength(2);
  });

  it.each([
    ['a gateway in front', () => new Response('who are you?', { status: 401 })],
    [
      'a server of ours with status 401',
      () =>
        new Response('{"errors":[{"message":"no","extensions":{"code":"UNAUTHENTICATED"}}]}', {
          status: 401,
          headers: { 'content-type': 'application/json' },
        }),
    ],
  ])('renews the token that %s refuses, and asks once more, not twice', async (_what, refuse) => {
    const { open, device, sent, headers } = await start(refuse);
    await expect(open(PASSING_LINK).query({ query: ME })).rejects.toMatchObject({ statusCode: 401 });
    expect(sent).toEqual(['Me', 'Me']);
    expect(new Set(headers.map((one) => one.get('authorization'))).size).toBe(2);
    expect(count(device, 'RefreshToken')).toBe(1);
  });

  it('does not renew for a refusal that another token would not change', async () => {
    const body = '{"errors":[{"message":"no","extensions":{"code":"UNAUTHENTICATED","reason":"INVALID_GRANT"}}]}';
    const { open, device, sent } = await start(
      () => new Response(body, { status: 401, headers: { 'content-type': 'application/json' } }),
    );
    await expect(open(PASSING_LINK).query({ query: ME })).rejects.toMatchObject({ statusCode: 401 });
    expect(sent).toEqual(['Me']);
    expect(count(device, 'RefreshToken')).toBe(0);
  });

  it('fails as a network does where the gateway is away, and logs nobody out', async () => {
    const { app, open, device, pass, sent } = await start();
    pass(ACCESS_TOKEN_TTL_SECONDS);
    device.intercept(() => Promise.reject(new TypeError('fetch failed')));
    await expect(open(PASSING_LINK).query({ query: ME })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(sent).toEqual([]);
    expect(app.state.status).toBe('signed_in');
  });

  it('bears the token of the day where a link before it sends the operation again', async () => {
    let isAway = true;
    const { app, open, pass, headers } = await start(() => {
      if (!isAway) return null;
      isAway = false;
      pass(ACCESS_TOKEN_TTL_SECONDS);
      throw new TypeError('fetch failed');
    });
    const again = new RetryLink({ delay: { initial: 1 } });
    await open(again).query({ query: ME });
    expect(headers).toHaveLength(2);
    expect(headers[1]?.get('authorization')).toBe(`Bearer ${await app.getAccessToken()}`);
    expect(headers[1]?.get('authorization')).not.toBe(headers[0]?.get('authorization'));
  });

  it('sends nothing for whoever has stopped listening', async () => {
    const { open, app, sent } = await start();
    const token = app.getAccessToken();
    open(PASSING_LINK).watchQuery({ query: ME }).subscribe({}).unsubscribe();
    await token;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent).toEqual([]);
  });

  it('hands on a whole stream of answers, its refused beginning too, where there is no other token', async () => {
    const { app, link, open } = await start();
    await app.logout();
    const refused = { data: null, errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }] };
    const results = [refused, { data: { n: 1 } }, { ...refused, data: { n: 2 } }];
    let sentTimes = 0;
    const stream = new ApolloLink(
      () =>
        new Observable((observer) => {
          sentTimes += 1;
          for (const result of results) observer.next(result);
          observer.complete();
        }),
    );
    const seen: unknown[] = [];
    const query = gql('subscription Ticks { n }');
    await new Promise<void>((resolve, reject) => {
      const all = ApolloLink.execute(link.concat(stream), { query }, { client: open(PASSING_LINK) });
      all.subscribe({ next: (result) => seen.push(result), complete: resolve, error: reject });
    });
    expect(seen).toEqual(results);
    expect(sentTimes).toBe(1);
  });
});
