import { GraphQLError } from 'graphql';
import type { BeginOperation, OperationHooks } from '../operation-hooks.js';
import type { GraphqlLimits } from './graphql-limits.js';

/** Refuses variables with too many entries before graphql-js looks at them one by one, and cuts the list of errors in an answer. */
export function boundedRequests(limits: Pick<GraphqlLimits, 'variableEntriesMax' | 'errorsMax'>): BeginOperation {
  const hooks: OperationHooks = {
    resolved: ({ request: { variables } }) => {
      if (variables === undefined) return;
      const counts = Object.entries(variables).map(([name, value]) => ({ name, items: countEntries(value) }));
      const total = counts.reduce((sum, { items }) => sum + items, counts.length);
      if (total <= limits.variableEntriesMax) return;
      const [longest] = counts.sort((one, other) => other.items - one.items);
      const message = `The variables hold ${total} entries, at most ${limits.variableEntriesMax}.`;
      const argument = [longest?.name ?? ''];
      throw new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', argument, http: { status: 400 } } });
    },
    answered: ({ response: { body } }) => {
      const { singleResult } = body;
      const errors = singleResult?.errors;
      if (singleResult !== undefined && errors !== undefined && errors.length > limits.errorsMax) {
        singleResult.errors = errors.slice(0, limits.errorsMax);
      }
    },
  };
  return () => hooks;
}

/** The transport bounds the depth of bodies, so that this recursion is bounded too. */
function countEntries(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const entries = Object.values(value);
  return entries.reduce<number>((total, entry) => total + countEntries(entry), entries.length);
}
