import { GraphQLError, Kind, type ValidationContext, type ValidationRule } from 'graphql';
import type { GraphqlLimits } from './graphql-limits.js';
import { CREDENTIAL_FIELDS, createOperationMeasure, type Measure } from './measure-operation.js';

/** Deeper than the standard introspection query of any tool (15); an endless chain of `ofType` is not. */
const INTROSPECTION_DEPTH_MAX = 20;

const ONE_CREDENTIAL_FIELD = `An operation may hold one of these fields, once: ${CREDENTIAL_FIELDS.join(', ')}.`;

/** Refuses operations that ask for too much, before anything of them runs. */
export function operationLimitsRule(limits: GraphqlLimits): ValidationRule {
  return (context: ValidationContext) => ({
    Document: (document) => {
      const measure = createOperationMeasure(context.getSchema(), document);
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
        if (!context.getSchema().getRootType(definition.operation)) {
          context.reportError(new GraphQLError(`There is no ${definition.operation}.`, { nodes: definition }));
        }
        for (const message of faultsOf(measure(definition), limits)) {
          context.reportError(new GraphQLError(message, { nodes: definition }));
        }
      }
    },
  });
}

function faultsOf(measure: Measure, limits: GraphqlLimits): string[] {
  const bounds: [string, number, number][] = [
    ['nests fields too deep', measure.depth, limits.depthMax],
    ['nests introspection too deep', measure.introspectionDepth, INTROSPECTION_DEPTH_MAX],
    ['costs too much', measure.cost, limits.costMax],
    ['has too many aliases', measure.aliases, limits.aliasesMax],
    ['has too many root fields', measure.fields, limits.rootFieldsMax],
    ['has too many directives', measure.directives, limits.directivesMax],
  ];
  // Else one request could try a hundred passwords. No setting: it is no matter of size.
  const credentials = measure.credentialFields > 1 ? [ONE_CREDENTIAL_FIELD] : [];
  const excesses = bounds
    .filter(([, value, max]) => value > max)
    .map(
      ([fault, value, max]) => `The operation ${fault}: ${Math.min(value, Number.MAX_SAFE_INTEGER)}, at most ${max}.`,
    );
  return [...credentials, ...excesses];
}
