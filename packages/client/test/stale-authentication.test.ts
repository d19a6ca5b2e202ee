import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { type AuthClient, AuthClientError, type StaleAuthentication } from '@gatehouse/client';
import { createAuthLink } from '@gatehouse/client/apollo';
import { createAuthFetch } from '@gatehouse/client/fetch';
import { createAuthExchange } from '@gatehouse/client/urql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import { GOOD_PASSWORD } from '../../../dist/test/support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';
import { waitUntil } from '../../../dist/test/support/wait-until.js';
import { createDevice } from './support/device.js';
import { createRecordedFetch, type RecordedFetch } from './support/recorded-fetch.js';
import { count, signInApp } from './support/signed-in-app.js';
import { ran, VAULT_MAX_AGE_SECONDS, VaultResolver } from './support/vault.resolver.js';

const ACCESS_TOKEN_TTL_SECONDS = 900;
const SECRET = 'query Secret { secret }';
const SECRET_AND_ME = 'query SecretAndMe { secret me { email } }';
const OPEN = 'mutation Open { openVault }';
const KNOCK_AND_OPEN = 'mutation KnockAndOpen { knock openVault }';
const STALE = { code: 'FORBIDDEN', reason: 'STALE_AUTHENTICATION', maxAgeSeconds: VAULT_MAX_AGE_SECONDS };

/** What whoever asked gets to see. */
interface Seen {
  data: Record<string, unknown> | null | undefined;
  /** The extensions of the errors, or of what was thrown. */
  refused: unknown[];
}

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({}, { resolvers: [VaultResolver] });
});
afterAll(() => gate.close());
beforeEach(() => void Object.assign(ran, { openVault: 0, knock: 0 }));

/** Somebody whose sign-in is no longer recent, in an app that answers these when it is asked; null: in one that can't be asked. */
async function signedInLongAgo(answers: (string | null)[] | null = [GOOD_PASSWORD]) {
  const asked: StaleAuthentication[] = [];
  const onStaleAuthentication = async (stale: StaleAuthentication) => {
    asked.push(stale);
    // As long as it takes somebody to type.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return answers?.shift() ?? null;
  };
  const signedIn = await signInApp(gate, answers === null ? {} : { onStaleAuthentication });
  signedIn.pass(VAULT_MAX_AGE_SECONDS + 1);
  return { ...signedIn, asked, ...createRecordedFetch() };
}

type Connect = (needs: { app: AuthClient; fetch: RecordedFetch['fetch'] }) => (document: string) => Promise<Seen>;

const byApollo: Connect = ({ app, fetch }) => {
  const link = createAuthLink(app).concat(new HttpLink({ uri: app.url, fetch }));
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return async (document) => {
    const options = { errorPolicy: 'all', fetchPolicy: 'no-cache' } as const;
    const { data, error } = document.startsWith('query')
      ? await client.query<Record<string, unknown>>({ query: gql(document), ...options })
      : await client.mutate<Record<string, unknown>>({ mutation: gql(document), ...options });
    if (error instanceof AuthClientError) return { data, refused: [error.extensions] };
    return { data, refused: CombinedGraphQLErrors.is(error) ? error.errors.map(({ extensions }) => extensions) : [] };
  };
};
const byUrql: Connect = ({ app, fetch }) => {
  const exchanges = [cacheExchange, createAuthExchange(app), fetchExchange];
  const client = new Client({ url: app.url, exchanges, preferGetMethod: false, fetch });
  return async (document) => {
    const { data, error } = document.startsWith('query')
      ? await client.query(document, {})
      : await client.mutation(document, {});
    if (error?.networkError instanceof AuthClientError) return { data, refused: [error.networkError.extensions] };
    return { data, refused: error?.graphQLErrors.map(({ extensions }) => extensions) ?? [] };
  };
};
const byFetch: Connect = ({ app, fetch }) => {
  const authFetch = createAuthFetch(app, { fetch });
  return async (query) => {
    const headers = { 'content-type': 'application/json' };
    try {
      const answer = await authFetch(app.url, { method: 'POST', headers, body: JSON.stringify({ query }) });
      const { data, errors = [] } = (await answer.json()) as { data: Seen['data']; errors?: { extensions: object }[] };
      return { data, refused: errors.map(({ extensions }) => extensions) };
    } catch (error) {
      return { data: null, refused: [(error as AuthClientError).extensions] };
    }
  };
};

describe.each([
  ['Apollo Client', byApollo],
  ['urql', byUrql],
  ['fetch', byFetch],
])('a sign-in that is not recent enough, by %s', (_name, connect) => {
  it('is made recent by the password, and the query goes once more', async () => {
    const person = await signedInLongAgo();
    const data = { secret: 'gold', me: { email: person.email } };
    expect(await connect(person)(SECRET_AND_ME)).toMatchObject({ data, refused: [] });
    expect(person.asked).toEqual([{ maxAgeSeconds: VAULT_MAX_AGE_SECONDS, failure: null }]);
    expect(person.sent).toEqual(['SecretAndMe', 'SecretAndMe']);
    expect(count(person.device, 'Reauthenticate')).toBe(1);
    expect(count(person.device, 'RefreshToken')).toBe(0);

    await connect(person)(SECRET);
    expect(person.asked).toHaveLength(1);
  });

  it('is made recent for a mutation, which runs once', async () => {
    const person = await signedInLongAgo();
    expect(await connect(person)(OPEN)).toEqual({ data: { openVault: 1 }, refused: [] });
    expect(person.sent).toEqual(['Open', 'Open']);
    expect(ran.openVault).toBe(1);
  });

  it('is asked for again where the password was wrong, and refused where the user would rather not', async () => {
    const person = await signedInLongAgo(['not my password at all', null]);
    expect(await connect(person)(OPEN)).toMatchObject({ refused: [STALE] });
    expect(person.asked.map(({ failure }) => failure?.__typename)).toEqual([undefined, 'InvalidCredentials']);
    expect(person.sent).toEqual(['Open']);
    expect(ran.openVault).toBe(0);
    expect(person.app.state.status).toBe('signed_in');
  });

  it('is asked for once where several operations wait for it', async () => {
    const person = await signedInLongAgo();
    const ask = connect(person);
    const seen = await Promise.all([ask(SECRET), ask(SECRET_AND_ME), ask(OPEN)]);
    expect(seen.flatMap(({ refused }) => refused)).toEqual([]);
    expect(person.asked).toHaveLength(1);
    expect(count(person.device, 'Reauthenticate')).toBe(1);
  });

  it('is refused as it comes where the app has no way to ask', async () => {
    const person = await signedInLongAgo(null);
    expect(await connect(person)(SECRET)).toMatchObject({ refused: [STALE] });
    expect(person.sent).toEqual(['Secret']);
    expect(count(person.device, 'Reauthenticate')).toBe(0);
  });

  it('is made recent after an expired token was renewed for the same operation', async () => {
    const person = await signedInLongAgo();
    // By the server's clock alone: the app does not know.
    gate.clock.advance(ACCESS_TOKEN_TTL_SECONDS);
    expect(await connect(person)(OPEN)).toEqual({ data: { openVault: 1 }, refused: [] });
    expect(person.sent).toEqual(['Open', 'Open', 'Open']);
    expect(ran.openVault).toBe(1);
  });

  it('stays as it is after too many tries, and whoever asked is told when the next counts', async () => {
    const person = await signedInLongAgo();
    const extensions = { code: 'RATE_LIMITED', retryAfter: 600 };
    person.device.intercept(async (operationName, forward) =>
      operationName === 'Reauthenticate'
        ? answerWith({ data: null, errors: [{ message: 'no', extensions }] })
        : forward(),
    );
    expect(await connect(person)(OPEN)).toMatchObject({ refused: [extensions] });
    expect(person.asked).toHaveLength(1);
    expect(ran.openVault).toBe(0);
  });

  it('is not asked for where a part of the mutation is done: that would be done twice', async () => {
    const person = await signedInLongAgo();
    const data = { knock: 1, openVault: null };
    const { fetch } = createRecordedFetch(() => answerWith({ data, errors: [{ message: 'no', extensions: STALE }] }));
    expect(await connect({ ...person, fetch })(KNOCK_AND_OPEN)).toEqual({ data, refused: [STALE] });
    expect(person.asked).toEqual([]);
  });
});

it.each([
  ['Apollo Client', byApollo],
  ['urql', byUrql],
])(
  '%s sends no mutation of several fields again, though GraphQL took the answer of those that ran away',
  async (_name, connect) => {
    const person = await signedInLongAgo();
    expect(await connect(person)(KNOCK_AND_OPEN)).toMatchObject({ refused: [STALE] });
    expect(person.asked).toEqual([]);
    expect(ran).toEqual({ knock: 1, openVault: 0 });
  },
);

describe('reauthenticate', () => {
  it('goes on with the same session and refresh token, and tells the other tabs its token', async () => {
    const device = createDevice({ url: gate.url, origin: gate.url });
    const [tab, other] = [device.openTab(), device.openTab()];
    await tab.register({ email: 'tabs@example.org', password: GOOD_PASSWORD });
    const before = [device.cookie(), await tab.getAccessToken()];
    gate.clock.advance(1);
    expect(await tab.reauthenticate('not my password at all')).toMatchObject({ __typename: 'InvalidCredentials' });
    const result = await tab.reauthenticate(GOOD_PASSWORD);
    expect(result).toMatchObject({ __typename: 'AuthPayload', user: { email: 'tabs@example.org' } });
    expect(JSON.stringify(result)).not.toMatch(/token/i);
    expect(device.cookie()).toBe(before[0]);
    expect(await tab.getAccessToken()).not.toBe(before[1]);
    await waitUntil('the other tab has heard it', async () => other.peekAccessToken() === tab.peekAccessToken());
  });

  it('is refused where nobody is signed in', async () => {
    const { app } = await signInApp(gate);
    await app.logout();
    await expect(app.reauthenticate(GOOD_PASSWORD)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      extensions: { reason: 'NO_TOKEN' },
    });
  });
});

function answerWith(body: object): Response {
  return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
}
