import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** An operation that Apollo Server has parsed, validated and found within all limits of documents. */
export interface AdmittedOperation {
  source: string;
  document: DocumentNode;
  operation: OperationDefinitionNode;
}

/** Operations by their text and the name that was asked for, those used lately. */
export interface AdmittedOperations {
  find(source: string, operationName: string | undefined): AdmittedOperation | undefined;
  add(operation: AdmittedOperation, operationName: string | undefined): void;
}

/** Some 800 usual operations; what strangers send may be the densest that there is. */
const BYTES_MAX = 25_000_000;
/** Of a syntax tree, for each word and sign of the text. */
const TOKEN_BYTES = 500;
const CHARACTERS_OF_ONE_MAX = 20_000;

/** None yet. */
export function createAdmittedOperations(): AdmittedOperations {
  // A document has only so many operations, and no name but theirs is ever admitted.
  const kept = new LRUCache<string, Map<string | undefined, AdmittedOperation>>({ maxSize: BYTES_MAX });
  return {
    find: (source, operationName) => kept.get(source)?.get(operationName),
    add: (operation, operationName) => {
      const known = kept.get(operation.source);
      if (known !== undefined) known.set(operationName, operation);
      else if (operation.source.length <= CHARACTERS_OF_ONE_MAX) {
        kept.set(operation.source, new Map([[operationName, operation]]), { size: bytesOf(operation) });
      }
    },
  };
}

/** The parser keeps each word and sign of a text, in a chain. */
function bytesOf({ source, document }: AdmittedOperation): number {
  let tokens = 0;
  for (let token = document.loc?.startToken ?? null; token !== null; token = token.next) tokens += 1;
  return source.length + TOKEN_BYTES * tokens;
}
