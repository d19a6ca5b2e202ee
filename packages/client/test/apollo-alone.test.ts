import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { describe } from '@jest/globals';
import { from, mergeMap, throwError } from 'rxjs';
import { LOGIN } from '../../../dist/test/support/graphql-client.js';
import type { TestGateway } from '../../../dist/test/support/test-gateway.js';
import { createRecordedFetch } from './support/recorded-fetch.js';
import { itStaysSignedIn, sessionsQuery, type ThirdParty } from './support/third-party.js';

interface Tokens {
  accessToken: string;
  refreshToken: string;
}
const REFRESH = gql`
  mutation RefreshToken($refreshToken: String) {
    refreshToken(refreshToken: $refreshToken) { accessToken refreshToken }
  }
`;

/** The two links that its documentation tells to write, by hand. */
async function signIn(gate: TestGateway): Promise<ThirdParty> {
  const { email, password } = await gate.registerSomebody();
  const { fetch, sent } = createRecordedFetch();
  let tokens: Tokens | null = null;
  let refreshing: Promise<void> | null = null;

  const refresh = async () => {
    const refreshToken = tokens?.refreshToken;
    tokens = null;
    if (refreshToken === undefined) throw new Error('nobody is signed in');
    const mutation = { mutation: REFRESH, variables: { refreshToken }, context: { isRefresh: true } };
    const { data } = await client.mutate<{ refreshToken: Tokens }>(mutation);
    tokens = data?.refreshToken ?? null;
  };
  const renewing = new ErrorLink(({ error, operation, forward }) => {
    if (!CombinedGraphQLErrors.is(error) || operation.getContext()['isRefresh']) return;
    if (error.errors.every(({ extensions }) => extensions?.['code'] !== 'UNAUTHENTICATED')) return;
    refreshing ??= refresh().finally(() => {
      refreshing = null;
    });
    const refused = () => throwError(() => error);
    return from(refreshing.then(() => forward(operation), refused)).pipe(mergeMap((answer) => answer));
  });
  const bearing = new SetContextLink(({ headers }) => ({
    headers: { ...headers, ...(tokens === null ? {} : { authorization: `Bearer ${tokens.accessToken}` }) },
  }));
  const client = new ApolloClient({
    link: ApolloLink.from([renewing, bearing, new HttpLink({ uri: `${gate.url}/graphql`, fetch })]),
    cache: new InMemoryCache(),
  });

  const { data } = await client.mutate<{ login: Tokens & { session: { id: string } } }>({
    mutation: gql(LOGIN),
    variables: { input: { email, password } },
  });
  if (data == null) throw new Error('the login was refused');
  tokens = data.login;
  return {
    email,
    password,
    sessionId: data.login.session.id,
    sent: () => sent,
    isSignedOut: () => tokens === null,
    ask: async (operationName) => {
      const query = gql(sessionsQuery(operationName));
      const answer = await client.query<{ sessions: { id: string }[] }>({ query, ...ASKING });
      const errors = CombinedGraphQLErrors.is(answer.error) ? answer.error.errors : [];
      return {
        ids: answer.data?.sessions.map(({ id }) => id) ?? [],
        codes: errors.map(({ extensions }) => extensions?.['code']),
      };
    },
  };
}

const ASKING = { errorPolicy: 'all', fetchPolicy: 'no-cache' } as const;

describe('Apollo Client alone, by its own links', () => itStaysSignedIn(signIn));
