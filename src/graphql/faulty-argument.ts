import {
  coerceInputValue,
  type DocumentNode,
  type GraphQLInputType,
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
      collectPaths({ value, type, onPath: (path) => paths.push([...argument, ...path]) });
    },
  });
  return paths.length > 0 ? paths : [argument];
}

/** More errors than this stand in no answer; looking for them costs time. */
const PATHS_MAX = 50;

/** The places of a value that do not fit its type, the first of them. */
function collectPaths(needs: { value: unknown; type: GraphQLInputType; onPath: (path: string[]) => void }): void {
  const { value, type, onPath } = needs;
  const enough = new Error('enough');
  let found = 0;
  try {
    coerceInputValue(value, type, (path) => {
      onPath(path.map(String));
      found += 1;
      if (found === PATHS_MAX) throw enough;
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
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
