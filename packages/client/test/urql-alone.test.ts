import { describe } from '@jest/globals';
import { Client, fetchExchange, gql } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import { LOGIN } from '../../../dist/test/support/graphql-client.js';
import type { TestGateway } from '../../../dist/test/support/test-gateway.js';
import { createRecordedFetch } from './support/recorded-fetch.js';
import { itStaysSignedIn, sessionsQuery, type ThirdParty } from './support/third-party.js';

interface Tokens {
  accessToken: string;
  refreshToken: string;
}
const REFRESH = gql<{ refreshToken: Tokens }>`
  mutation RefreshToken($refreshToken: String) {
    refreshToken(refreshToken: $refreshToken) { accessToken refreshToken }
  }
`;

/** Its own exchange for authentication, configured as its documentation tells. */
async function signIn(gate: TestGateway): Promise<ThirdParty> {
  const { email, password } = await gate.registerSomebody();
  const { fetch, sent } = createRecordedFetch();
  let tokens: Tokens | null = null;
  const auth = authExchange(async (utils) => ({
    // Its `mutate` goes by here too: the stale token is sent along with the refresh.
    addAuthToOperation: (operation) =>
      tokens === null ? operation : utils.appendHeaders(operation, { Authorization: `Bearer ${tokens.accessToken}` }),
    didAuthError: ({ graphQLErrors }) =>
      graphQLErrors.some(({ extensions }) => extensions['code'] === 'UNAUTHENTICATED'),
    refreshAuth: async () => {
      if (tokens === null) return;
      const { data } = await utils.mutate(REFRESH, { refreshToken: tokens.refreshToken });
      tokens = data?.refreshToken ?? null;
    },
  }));
  const client = new Client({
    url: `${gate.url}/graphql`,
    exchanges: [auth, fetchExchange],
    preferGetMethod: false,
    fetch,
  });

  const { data } = await client.mutation(gql(LOGIN), { input: { email, password } });
  tokens = data.login as Tokens;
  return {
    email,
    password,
    sessionId: data.login.session.id,
    sent: () => sent,
    isSignedOut: () => tokens === null,
    ask: async (operationName) => {
      const answer = await client.query<{ sessions: { id: string }[] }>(gql(sessionsQuery(operationName)), {});
      return {
        ids: answer.data?.sessions.map(({ id }) => id) ?? [],
        codes: (answer.error?.graphQLErrors ?? []).map(({ extensions }) => extensions['code']),
      };
    },
  };
}

describe('urql alone, by its own exchange', () => itStaysSignedIn(signIn));
