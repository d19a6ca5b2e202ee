import { Kind, type OperationDefinitionNode } from 'graphql';
import type { Clock } from '../platform/clock.js';
import type { Metrics } from '../platform/metrics/metrics.js';
import { nameSpan } from '../platform/tracing.js';
import type { GatewayContext } from './context.js';
import type { BeginOperation } from './operation-hooks.js';

/** What an operation is counted as. */
interface OperationName {
  type: string;
  /** Its one root field, by the name that the schema gives it; `several`; `none` where it was not valid. */
  field: string;
  /** Both. */
  text: string;
}

const NOT_VALID: OperationName = { type: 'none', field: 'none', text: 'none none' };

/** Names, counts and times each operation that is answered. What a client calls it is no label: names are without number. */
export function observeOperations({ metrics, clock }: { metrics: Metrics; clock: Clock }): BeginOperation {
  // Documents are kept and used again: each is looked at once.
  const names = new WeakMap<OperationDefinitionNode, OperationName>();
  const nameOf = (operation: OperationDefinitionNode | undefined): OperationName => {
    if (operation === undefined) return NOT_VALID;
    const known = names.get(operation);
    if (known !== undefined) return known;
    const name = nameByRootField(operation);
    names.set(operation, name);
    return name;
  };
  return () => {
    const beganMs = clock.monotonicMs();
    return {
      answered: ({ contextValue, operation, response: { body } }) => {
        const name = nameOf(operation);
        const error = body.singleResult?.errors?.[0]?.extensions;
        const code = String(error?.['code'] ?? 'OK');
        const { requestNotes: notes } = contextValue;
        if (operation !== undefined) notes.operation = name.text;
        if (error !== undefined) noteRefusal(notes, code, error['reason']);
        nameSpan(operation === undefined ? 'graphql' : name.text, {
          'graphql.operation.type': name.type,
          'gatehouse.code': code,
        });
        metrics.operation({
          type: name.type,
          field: name.field,
          code,
          seconds: (clock.monotonicMs() - beganMs) / 1000,
        });
      },
    };
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
  const field = isOne ? first.name.value : 'several';
  return { type, field, text: `${type} ${field}` };
}
