import {
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type NamedTypeNode,
} from 'graphql';
import { getMetadataStorage } from 'type-graphql';
import { type Class, lineageOf, standingOn, typeClasses } from './class-policies.js';
import { policyDirectives } from './directives.js';
import { policiesOf } from './policy.js';

interface Element {
  extensions: Readonly<Record<string, unknown>>;
  astNode?: { directives?: readonly { name: { value: string } }[] | undefined } | null | undefined;
}

const names = new Set(policyDirectives.map(({ name }) => name));

/**
 * Refuses what would look guarded and is not: a policy on an input, an argument, a class of arguments, an enum, or a
 * method that answers no field; and a policy's directive that was written by hand.
 *
 * @throws {TypeError} naming the place.
 */
export function refuseVainPolicies({
  schema,
  resolvers,
}: {
  schema: GraphQLSchema;
  resolvers: readonly Class[];
}): void {
  const vain = [...elements(schema)].find(({ element, isGuardable }) => {
    const byHand = element.astNode?.directives?.some(({ name }) => names.has(name.value)) === true;
    return byHand || (!isGuardable && policiesOf(element).size > 0);
  });
  const name = vain?.name ?? vainArguments(schema, resolvers) ?? vainMethod(resolvers);
  if (name === undefined) return;
  throw new TypeError(
    `nothing enforces the policy on ${name}: put @Authorized() on a field that is read, its type or its resolver`,
  );
}

/** A guarded class of inputs or arguments (`@ArgsType()`), of which the schema knows the fields alone; or a property of it. */
function vainArguments(schema: GraphQLSchema, resolvers: readonly Class[]): string | undefined {
  const { params, fieldExtensions } = getMetadataStorage();
  const readers = new Set([
    ...resolvers.flatMap(lineageOf),
    ...Object.keys(schema.getTypeMap()).flatMap((name) => typeClasses(name)),
  ]);
  const { inputTypes, authorizedFields, authorizedResolver } = getMetadataStorage();
  const inputs = inputTypes.filter(({ name }) => isInputObjectType(schema.getType(name))).map(({ target }) => target);
  const args = params
    .filter((param) => param.kind === 'args' && readers.has(param.target))
    .map((param) => (param as { getType: () => unknown }).getType() as Class);
  const classes = [...inputs, ...args].flatMap(lineageOf);
  // TypeGraphQL's own decorator takes them in silence, too.
  const theirs = [...authorizedResolver, ...authorizedFields].find(({ target }) => classes.includes(target));
  if (theirs !== undefined) return theirs.target.name;
  const guarded = classes.find((each) => standingOn(each).size > 0);
  if (guarded !== undefined) return guarded.name;
  const property = fieldExtensions.find(
    ({ target, extensions }) => classes.includes(target) && policiesOf({ extensions: { ...extensions } }).size > 0,
  );
  return property && `${property.target.name}.${property.fieldName}`;
}

/** A guarded method of a resolver class that no decorator makes a field. */
function vainMethod(resolvers: readonly Class[]): string | undefined {
  const { queries, mutations, subscriptions, fieldResolvers, fieldExtensions } = getMetadataStorage();
  const methods = [...queries, ...mutations, ...subscriptions, ...fieldResolvers];
  const guarded = fieldExtensions.filter(({ extensions }) => policiesOf({ extensions: { ...extensions } }).size > 0);
  for (const lineage of resolvers.map(lineageOf)) {
    const vain = guarded.find(
      ({ target, fieldName }) =>
        lineage.includes(target) &&
        !methods.some((method) => method.methodName === fieldName && lineage.includes(method.target)),
    );
    if (vain !== undefined) return `${vain.target.name}.${vain.fieldName}`;
  }
  return undefined;
}

interface Place {
  name: string;
  element: Element;
  isGuardable: boolean;
}

function* elements(schema: GraphQLSchema): Generator<Place> {
  for (const type of Object.values(schema.getTypeMap())) {
    const isRead = isObjectType(type) || isInterfaceType(type);
    yield { name: type.name, element: type as Element & { astNode?: NamedTypeNode }, isGuardable: isRead };
    if (isUnionType(type)) continue;
    if (isEnumType(type)) {
      for (const value of type.getValues()) {
        yield { name: `${type.name}.${value.name}`, element: value as Element, isGuardable: false };
      }
    }
    if (!isRead && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      yield { name: `${type.name}.${field.name}`, element: field as Element, isGuardable: isRead };
      for (const argument of 'args' in field ? field.args : []) {
        yield {
          name: `${type.name}.${field.name}(${argument.name})`,
          element: argument as Element,
          isGuardable: false,
        };
      }
    }
  }
}
