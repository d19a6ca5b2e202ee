import { createAuthFetch } from '@gatehouse/client/fetch';
import { describe } from '@jest/globals';
import { ClientError, GraphQLClient } from 'graphql-request';
import { byOurClient } from './support/by-our-client.js';
import { itStaysSignedIn, sessionsQuery } from './support/third-party.js';

describe('graphql-request through our fetch', () => {
  itStaysSignedIn(
    byOurClient(({ app, url, fetch }) => {
      const client = new GraphQLClient(url, { fetch: createAuthFetch(app, { fetch }) });
      return async (operationName) => {
        try {
          const { sessions } = await client.request<{ sessions: { id: string }[] }>(sessionsQuery(operationName));
          return { ids: sessions.map(({ id }) => id), codes: [] };
        } catch (error) {
          if (!(error instanceof ClientError)) throw error;
          return { ids: [], codes: (error.response.errors ?? []).map(({ extensions }) => extensions['code']) };
        }
      };
    }),
  );
});
