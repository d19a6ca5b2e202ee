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

const DOCUMENTS_MAX = 1_000;
/** A syntax tree takes some thirty times as much memory as its text. */
const CHARACTERS_MAX = 1_000_000;
const CHARACTERS_OF_ONE_MAX = 20_000;

/** None yet. */
export function createAdmittedOperations(): AdmittedOperations {
  // A document has only so many operations, and no name but theirs is ever admitted.
  const kept = new LRUCache<string, Map<string | undefined, AdmittedOperation>>({
    max: DOCUMENTS_MAX,
    maxSize: CHARACTERS_MAX,
    maxEntrySize: CHARACTERS_OF_ONE_MAX,
    sizeCalculation: (_, source) => source.length,
  });
  return {
    find: (source, operationName) => kept.get(source)?.get(operationName),
    add: (operation, operationName) => {
      const known = kept.get(operation.source);
      if (known !== undefined) known.set(operationName, operation);
      else kept.set(operation.source, new Map([[operationName, operation]]));
    },
  };
}
