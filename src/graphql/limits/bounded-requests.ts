import type { ApolloServerPlugin, GraphQLRequestListener } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { GatewayContext } from '../context.js';
import type { GraphqlLimits } from './graphql-limits.js';

/** Refuses variables with too many entries before graphql-js looks at them one by one, and cuts the list of errors in an answer. */
export function boundedRequests(
  limits: Pick<GraphqlLimits, 'variableEntriesMax' | 'errorsMax'>,
): ApolloServerPlugin<GatewayContext> {
  const listener: GraphQLRequestListener<GatewayContext> = {
    didResolveOperation: async ({ request }) => {
      const counts = Object.entries(request.variables ?? {}).map(([name, value]) => ({
        name,
        items: countEntries(value),
      }));
      const total = counts.reduce((sum, { items }) => sum + items, counts.length);
      if (total <= limits.variableEntriesMax) return;
      const [longest] = counts.sort((one, other) => other.items - one.items);
      const message = `The variables hold ${total} entries, at most ${limits.variableEntriesMax}.`;
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
  };
  return { requestDidStart: async () => listener };
}

/** The transport bounds the depth of bodies, so that this recursion is bounded too. */
function countEntries(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const entries = Object.values(value);
  return entries.reduce<number>((total, entry) => total + countEntries(entry), entries.length);
}
