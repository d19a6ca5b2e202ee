import {
  type Client,
  type CombinedError,
  composeExchanges,
  type Exchange,
  type GraphQLRequest,
  makeErrorResult,
  makeOperation,
  mapExchange,
  type Operation,
  type OperationResult,
} from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import { needsRenewal } from './needs-renewal.js';
import { mayBeDoneBy } from './operation-effect.js';
import { createRemedies, type Remedy } from './remedies.js';
import type { AuthClient } from './types.js';

/**
 * Makes an exchange for urql, to stand in front of `fetchExchange`, that sends the access token along, and where it is
 * refused renews it and sends the operation once more: without a token where nobody is signed in any more. So it does
 * where the sign-in is not recent enough, once the client has the password. Where the gateway can't say, the operation
 * ends in a network error, an `AuthClientError`.
 */
export function createAuthExchange(client: AuthClient): Exchange {
  return (input) => {
    const onResult = (result: OperationResult) => {
      const bare = withoutTraces(result);
      const remedy = remedyFor(client, result);
      return remedy === null ? bare : sentAgain(input.client, bare, remedy);
    };
    return composeExchanges([mapExchange({ onResult }), createBearerExchange(client)])(input);
  };
}

/** Marks an operation that is sent for the second time, with a recent sign-in. */
const SENT_AGAIN = 'gatehouseSentAgain';

/** How to make the sign-in recent, where that is what an operation wants. Tokens are renewed by `authExchange`. */
function remedyFor(client: AuthClient, { data, error, operation }: OperationResult): Remedy | null {
  const { kind, query, context } = operation;
  const isOnce = kind === 'query' || kind === 'mutation';
  if (error === undefined || !isOnce || context[SENT_AGAIN] || needsRenewal(error.graphQLErrors)) return null;
  const answer = { data, errors: error.graphQLErrors };
  return createRemedies(client, mayBeDoneBy(query))(answer, tracesOf(operation)?.accessToken ?? null);
}

/** What the operation answers once the remedy is taken; the first result, where there is none. */
async function sentAgain(urql: Client, result: OperationResult, remedy: Remedy): Promise<OperationResult> {
  const { operation } = result;
  const { query, variables, key, kind, context } = operation;
  const { _instance, ...rest } = context;
  try {
    if ((await remedy()) === null) return result;
  } catch (error) {
    return makeErrorResult(operation, error as Error);
  }
  // Of this key, urql has a query under way already: the one whose result waits here.
  const request = { query, variables, key: kind === 'query' ? ~key : key } as GraphQLRequest;
  const again = urql.createRequestOperation(kind, request, {
    ...rest,
    requestPolicy: 'network-only',
    [SENT_AGAIN]: true,
  });
  return { ...(await urql.executeRequestOperation(again).toPromise()), operation };
}

/** Marks an operation that went out, to be found on its way back. */
interface Traces {
  readonly accessToken: string | null;
  readonly fetchOptions: Operation['context']['fetchOptions'];
}

function createBearerExchange(client: AuthClient): Exchange {
  let refused: string | null = null;
  let renewed: string | null = null;
  return authExchange(async ({ appendHeaders }) => ({
    addAuthToOperation: (operation) => {
      const { fetchOptions } = tracesOf(operation) ?? operation.context;
      const isSignedOut = client.state.status === 'signed_out';
      const accessToken = isSignedOut ? null : (client.peekAccessToken() ?? renewed);
      const bare = makeOperation(operation.kind, operation, {
        fetchOptions,
        gatehouse: { accessToken, fetchOptions } satisfies Traces,
      });
      return accessToken === null ? bare : appendHeaders(bare, { authorization: `Bearer ${accessToken}` });
    },
    willAuthError: () => client.peekAccessToken() === null && client.state.status !== 'signed_out',
    didAuthError: (error, operation) => {
      if (client.state.status === 'signed_out' || !isRefusal(error)) return false;
      refused = tracesOf(operation)?.accessToken ?? null;
      return true;
    },
    refreshAuth: async () => {
      const used = refused;
      refused = null;
      renewed = await client.renewAccessToken(used);
    },
  }));
}

function tracesOf({ context }: Operation): Traces | undefined {
  return context['gatehouse'] as Traces | undefined;
}

/**
 * urql's caches send an operation again as it came back: marked as tried, it would never be renewed again. And what is
 * kept of an answer need not hold a token.
 */
function withoutTraces(result: OperationResult): OperationResult {
  const { operation } = result;
  const { fetchOptions } = tracesOf(operation) ?? operation.context;
  const traces = { authAttempt: undefined, gatehouse: undefined, fetchOptions };
  return { ...result, operation: makeOperation(operation.kind, operation, traces) };
}

function isRefusal({ graphQLErrors, response }: CombinedError): boolean {
  return graphQLErrors.length > 0 ? needsRenewal(graphQLErrors) : response?.status === 401;
}
