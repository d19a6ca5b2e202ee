import { createAuthFetch } from '@gatehouse/client/fetch';
import { describe } from '@jest/globals';
import relay, { type ConcreteRequest, type GraphQLResponse } from 'relay-runtime';
import { byOurClient } from './support/by-our-client.js';
import { itStaysSignedIn, sessionsQuery } from './support/third-party.js';

const { Environment, fetchQuery, Network, RecordSource, Store } = relay;

describe("Relay's runtime through our fetch", () => {
  itStaysSignedIn(
    byOurClient(({ app, url, fetch }) => {
      const authFetch = createAuthFetch(app, { fetch });
      const network = Network.create(async ({ text: query }, variables) => {
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify({ query, variables });
        return (await (await authFetch(url, { method: 'POST', headers, body })).json()) as GraphQLResponse;
      });
      const environment = new Environment({ network, store: new Store(new RecordSource()) });
      return async (operationName) => {
        try {
          const answer = await fetchQuery(environment, sessionsRequest(operationName), {}).toPromise();
          return { ids: (answer as { sessions: { id: string }[] }).sessions.map(({ id }) => id), codes: [] };
        } catch (error) {
          const { source } = error as { source?: { errors: { extensions: { code: string } }[] } };
          if (source === undefined) throw error;
          return { ids: [], codes: source.errors.map(({ extensions }) => extensions.code) };
        }
      };
    }),
  );
});

/** What Relay's compiler would make of the query. */
function sessionsRequest(name: string): ConcreteRequest {
  const id = { alias: null, args: null, kind: 'ScalarField', name: 'id', storageKey: null } as const;
  const sessions = {
    alias: null,
    args: null,
    concreteType: 'Session',
    kind: 'LinkedField',
    name: 'sessions',
    plural: true,
    selections: [id],
    storageKey: null,
  } as const;
  const selections = [sessions];
  return {
    kind: 'Request',
    fragment: { argumentDefinitions: [], kind: 'Fragment', metadata: null, name, selections, type: 'Query' },
    operation: { argumentDefinitions: [], kind: 'Operation', name, selections },
    params: { cacheID: name, id: null, metadata: {}, name, operationKind: 'query', text: sessionsQuery(name) },
  } as ConcreteRequest;
}
