import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { GatewayContext } from '../context.js';
import type { GraphqlLimits } from './graphql-limits.js';

/** Refuses variables with too long lists before they are looked at one by one, and cuts the list of errors in an answer. */
export function boundedRequests(
  limits: Pick<GraphqlLimits, 'listItemsMax' | 'errorsMax'>,
): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ request }) => {
        const counts = Object.entries(request.variables ?? {}).map(([name, value]) => ({
          name,
          items: countListItems(value),
        }));
        if (counts.reduce((total, { items }) => total + items, 0) <= limits.listItemsMax) return;
        const [longest] = counts.sort((one, other) => other.items - one.items);
        const message = `The variables hold more than ${limits.listItemsMax} list entries.`;
        const argument = [longest?.name ?? ''];
        throw new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', argument, http: { status: 400 } } });
      },
      willSendResponse: async ({ response }) => {
        if (response.body.kind !== 'single') return;
        const { singleResult } = response.body;
        const { errors } = singleResult;
        if (errors !== undefined && errors.length > limits.errorsMax) {
          singleResult.errors = errors.slice(0, limits.errorsMax);
        }
      },
    }),
  };
}

/** The transport bounds the depth of bodies, so that this recursion is bounded too. */
function countListItems(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value).reduce<number>((total, entry) => total + countListItems(entry), 0);
  return inner + (Array.isArray(value) ? value.length : 0);
}
