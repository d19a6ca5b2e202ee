import {
  coerceInputValue,
  type DocumentNode,
  type GraphQLSchema,
  isInputType,
  Kind,
  typeFromAST,
  visit,
} from 'graphql';

interface Operation {
  schema: GraphQLSchema;
  document: DocumentNode;
  variables: Readonly<Record<string, unknown>>;
}

/**
 * The paths of what does not fit in a variable, such as `["input", "email"]`, in the order in which graphql-js reports
 * them: from the argument that the variable is given to. Never holds a value, nor a name that is not in the schema.
 */
export function faultyArguments({ schema, document, variables }: Operation, variableName: string): string[][] {
  const argument = placeOf(document, variableName);
  const value = variables[variableName];
  const paths: string[][] = [];
  visit(document, {
    VariableDefinition: ({ variable, type: typeNode }) => {
      const type = typeFromAST(schema, typeNode as Parameters<typeof typeFromAST>[1]);
      if (variable.name.value !== variableName || !isInputType(type) || value === undefined || paths.length > 0) return;
      coerceInputValue(value, type, (path) => paths.push([...argument, ...path.map(String)]));
    },
  });
  return paths.length > 0 ? paths : [argument];
}

/** The argument, and the fields in it, to which a variable is given first; the variable itself, where it is unused. */
function placeOf(document: DocumentNode, variableName: string): string[] {
  let place: string[] | null = null;
  visit(document, {
    Variable: ({ name }, _key, parent, _path, ancestors) => {
      if (place !== null || name.value !== variableName) return;
      const around = [...ancestors, ...(parent === undefined ? [] : [parent])];
      const names = around.flatMap((node) =>
        'kind' in node && (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) ? [node.name.value] : [],
      );
      if (names.length > 0) place = names;
    },
  });
  return place ?? [variableName];
}
