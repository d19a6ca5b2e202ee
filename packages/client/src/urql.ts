import {
  type CombinedError,
  composeExchanges,
  type Exchange,
  makeOperation,
  mapExchange,
  type Operation,
  type OperationResult,
} from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import { needsRenewal } from './needs-renewal.js';
import type { AuthClient } from './types.js';

/**
 * Makes an exchange for urql, to stand in front of `fetchExchange`, that sends the access token along, and where it is
 * refused renews it and sends the operation once more: without a token where nobody is signed in any more. Where the
 * gateway can't say, the operation ends in a network error, an `AuthClientError`.
 */
export function createAuthExchange(client: AuthClient): Exchange {
  return composeExchanges([mapExchange({ onResult: withoutTraces }), createBearerExchange(client)]);
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
