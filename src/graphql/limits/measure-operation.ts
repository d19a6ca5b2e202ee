import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';

/** How large an operation is, fragments spread out. */
export interface Measure {
  depth: number;
  /** The depth of `__schema` and `__type`, which is counted apart: the standard introspection query is deep. */
  introspectionDepth: number;
  cost: number;
  aliases: number;
  directives: number;
  /** Fields of the selection itself. */
  fields: number;
  /** Those of them that check a credential; deeper ones do not count: `AuthPayload` has a field `refreshToken` as well. */
  credentialFields: number;
}

const NOTHING: Measure = {
  depth: 0,
  introspectionDepth: 0,
  cost: 0,
  aliases: 0,
  directives: 0,
  fields: 0,
  credentialFields: 0,
};
/** Root fields that check a credential, or send mail at somebody's wish. */
export const CREDENTIAL_FIELDS = [
  'login',
  'register',
  'refreshToken',
  'reauthenticate',
  'requestEmailVerification',
  'verifyEmail',
  'requestPasswordReset',
  'resetPassword',
  'changePassword',
  'requestEmailChange',
  'confirmEmailChange',
  'undoEmailChange',
] as const;
const credentialFields = new Set<string>(CREDENTIAL_FIELDS);
/** What stands in a list is taken to come so often; the schema itself is no list of anybody's data. */
const LIST_FACTOR = 10;

/**
 * Measures operations of one document. Each fragment is measured once, whatever spreads it: fan-out over thirty levels
 * takes no longer than thirty. Nothing is left out by its name: neither operations nor fragments named like introspection.
 */
export function createOperationMeasure(schema: GraphQLSchema, document: DocumentNode) {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, Measure>();

  const measureFragment = (name: string): Measure => {
    const known = measured.get(name);
    if (known !== undefined) return known;
    // A circle counts as nothing here; graphql-js refuses it by a rule of its own.
    measured.set(name, NOTHING);
    const fragment = fragments.get(name);
    if (fragment === undefined) return NOTHING;
    const measure = measureSelections(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value));
    measured.set(name, measure);
    return measure;
  };
  const measureField = (field: FieldNode, parent: GraphQLNamedType | undefined): Measure => {
    const type = typeOf(field, parent);
    const inner = field.selectionSet ? measureSelections(field.selectionSet, type && getNamedType(type)) : NOTHING;
    const isIntrospection = [SchemaMetaFieldDef.name, TypeMetaFieldDef.name].includes(field.name.value);
    return {
      depth: isIntrospection ? 1 : 1 + inner.depth,
      introspectionDepth: isIntrospection ? 1 + inner.depth : inner.introspectionDepth,
      cost: 1 + inner.cost * listFactor(type),
      aliases: inner.aliases + (field.alias === undefined ? 0 : 1),
      directives: inner.directives,
      fields: 1,
      credentialFields: credentialFields.has(field.name.value) ? 1 : 0,
    };
  };
  const measureSelections = ({ selections }: SelectionSetNode, parent: GraphQLNamedType | undefined): Measure =>
    selections.reduce((total, selection) => {
      const directives = selection.directives?.length ?? 0;
      if (selection.kind === Kind.FIELD) return sum(total, measureField(selection, parent), directives);
      if (selection.kind === Kind.FRAGMENT_SPREAD) return sum(total, measureFragment(selection.name.value), directives);
      const condition = selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : parent;
      return sum(total, measureSelections(selection.selectionSet, condition), directives);
    }, NOTHING);

  return (operation: OperationDefinitionNode): Measure => {
    const root = schema.getRootType(operation.operation) ?? undefined;
    return sum(measureSelections(operation.selectionSet, root), NOTHING, operation.directives?.length ?? 0);
  };
}

function sum(one: Measure, other: Measure, directives: number): Measure {
  return {
    depth: Math.max(one.depth, other.depth),
    introspectionDepth: Math.max(one.introspectionDepth, other.introspectionDepth),
    cost: one.cost + other.cost,
    aliases: one.aliases + other.aliases,
    directives: one.directives + other.directives + directives,
    fields: one.fields + other.fields,
    credentialFields: one.credentialFields + other.credentialFields,
  };
}

function listFactor(type: GraphQLOutputType | undefined): number {
  if (type === undefined || isIntrospectionType(getNamedType(type))) return 1;
  return isListType(getNullableType(type)) ? LIST_FACTOR : 1;
}

function typeOf(field: FieldNode, parent: GraphQLNamedType | undefined): GraphQLOutputType | undefined {
  const name = field.name.value;
  if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef.type;
  if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef.type;
  const hasFields = parent !== undefined && (isObjectType(parent) || isInterfaceType(parent));
  return hasFields ? parent.getFields()[name]?.type : undefined;
}
