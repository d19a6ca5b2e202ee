import { type AnswerLike, hasValue } from './remedies.js';

/** As much of a parsed document as tells what sending it twice would do. */
interface DocumentLike {
  readonly definitions: readonly {
    readonly kind: string;
    readonly operation?: string;
    readonly selectionSet?: { readonly selections: readonly { readonly kind: string }[] };
  }[];
}

/**
 * Whether a refused operation may have done something. Of several fields of a mutation, those before the refused one
 * ran; and GraphQL may have taken their answers away.
 */
export function mayBeDoneBy({ definitions }: DocumentLike): (answer: AnswerLike) => boolean {
  const { operation, selectionSet } = definitions.find((each) => each.operation !== undefined) ?? {};
  if (operation === 'query') return () => false;
  const [field, ...others] = selectionSet?.selections ?? [];
  const isOneField = field?.kind === 'Field' && others.length === 0;
  return isOneField ? hasValue : () => true;
}
