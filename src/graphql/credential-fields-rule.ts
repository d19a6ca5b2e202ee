import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

/** Root fields that check a credential; an operation may hold one of them, once, however it is spelled. */
const CREDENTIAL_FIELDS = new Set(['login', 'register', 'refreshToken']);

/**
 * Refuses more than one credential-checking root field in an operation, by alias or through fragments too: else one
 * request could try a hundred passwords. Only the root counts: `AuthPayload` has a field `refreshToken` as well.
 */
export const oneCredentialFieldRule: ValidationRule = (context: ValidationContext) => ({
  Document: (document: DocumentNode) => {
    const count = createCounter(document);
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION || count(definition.selectionSet) <= 1) continue;
      const message = 'An operation may hold one of login, register and refreshToken, once.';
      context.reportError(new GraphQLError(message, { nodes: definition }));
    }
  },
});

/** Counts through fragments; each fragment once, as fan-out would else take exponential time. */
function createCounter(document: DocumentNode): (selections: SelectionSetNode) => number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const counted = new Map<string, number>();
  const countFragment = (name: string): number => {
    const known = counted.get(name);
    if (known !== undefined) return known;
    // A circle counts as nothing here; graphql-js refuses it by a rule of its own.
    counted.set(name, 0);
    const fragment = fragments.get(name);
    const total = fragment === undefined ? 0 : count(fragment.selectionSet);
    counted.set(name, total);
    return total;
  };
  const count = ({ selections }: SelectionSetNode): number =>
    selections.reduce((total, selection) => {
      if (selection.kind === Kind.FIELD) return total + (CREDENTIAL_FIELDS.has(selection.name.value) ? 1 : 0);
      if (selection.kind === Kind.INLINE_FRAGMENT) return total + count(selection.selectionSet);
      return total + countFragment(selection.name.value);
    }, 0);
  return count;
}
