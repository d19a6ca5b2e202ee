import type { ApolloServerPlugin, GraphQLRequestContextWillSendResponse } from '@apollo/server';
import { Kind, type OperationDefinitionNode } from 'graphql';
import type { Clock } from '../platform/clock.js';
import type { Metrics } from '../platform/metrics/metrics.js';
import { nameSpan } from '../platform/tracing.js';
import type { GatewayContext } from './context.js';

/** What an operation is counted as. */
interface OperationName {
  type: string;
  /** Its one root field, by the name that the schema gives it; `several`; `none` where it was not valid. */
  field: string;
}

const NOT_VALID: OperationName = { type: 'none', field: 'none' };

/** Names, counts and times each operation that is answered. What a client calls it is no label: names are without number. */
export function observeOperations({
  metrics,
  clock,
}: {
  metrics: Metrics;
  clock: Clock;
}): ApolloServerPlugin<GatewayContext> {
  // Documents are kept and used again: each is looked at once.
  const names = new WeakMap<OperationDefinitionNode, OperationName>();
  const nameOf = (operation: OperationDefinitionNode | undefined | null): OperationName => {
    if (!operation) return NOT_VALID;
    const name = names.get(operation) ?? nameByRootField(operation);
    names.set(operation, name);
    return name;
  };
  return {
    requestDidStart: async () => {
      const beganMs = clock.monotonicMs();
      return {
        willSendResponse: async (answered) => {
          const { contextValue, operation } = answered;
          const { type, field } = nameOf(operation);
          const error = firstError(answered);
          const code = String(error?.['code'] ?? 'OK');
          const { requestNotes: notes } = contextValue;
          if (operation) notes.operation = `${type} ${field}`;
          if (error !== undefined) noteRefusal(notes, code, error['reason']);
          nameSpan(operation ? `${type} ${field}` : 'graphql', {
            'graphql.operation.type': type,
            'gatehouse.code': code,
          });
          metrics.operation({ type, field, code, seconds: (clock.monotonicMs() - beganMs) / 1000 });
        },
      };
    },
  };
}

function noteRefusal(notes: GatewayContext['requestNotes'], code: string, reason: unknown): void {
  notes.code = code;
  // A cause that was noted on the way is the true one; the reason is what the client was told.
  if (typeof reason === 'string') notes.cause ??= reason;
}

/** The valid operation holds no fields but the schema's. */
function nameByRootField({ operation: type, selectionSet }: OperationDefinitionNode): OperationName {
  const [first, ...others] = selectionSet.selections;
  const isOne = first?.kind === Kind.FIELD && others.length === 0;
  return { type, field: isOne ? first.name.value : 'several' };
}

function firstError({ response: { body } }: GraphQLRequestContextWillSendResponse<GatewayContext>) {
  return body.kind === 'single' ? body.singleResult.errors?.[0]?.extensions : undefined;
}
