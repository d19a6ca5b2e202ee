import type { ApolloServerPlugin } from '@apollo/server';
import type { GatewayContext } from './context.js';

/** Puts the longest wait that an answer's errors ask for into the header `Retry-After` (RFC 9110 10.2.3), in seconds. */
export function retryAfterHeader(): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => ({
      willSendResponse: async ({ response: { http, body } }) => {
        const errors = body.kind === 'single' ? (body.singleResult.errors ?? []) : [];
        const waits = errors
          .map(({ extensions }) => extensions?.['retryAfter'])
          .filter((wait) => typeof wait === 'number');
        if (waits.length > 0) http.headers.set('retry-after', String(Math.max(...waits)));
      },
    }),
  };
}
