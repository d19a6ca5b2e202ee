import { type GraphQLSchema, isInterfaceType, isIntrospectionType, isObjectType } from 'graphql';
import { getMetadataStorage } from 'type-graphql';
import { type Policy, policiesOf } from './policy.js';
import { typeGraphqlRoles } from './type-graphql-roles.js';

// biome-ignore lint/complexity/noBannedTypes: TypeGraphQL names classes by this type.
export type Class = Function;

interface Method {
  target: Class;
  methodName: string;
  schemaName: string;
}
type Policies = Map<string, Policy>;

/**
 * Puts on each field the policies of all the classes that it comes from. TypeGraphQL leaves some behind: those of a
 * resolver class, on the methods that it inherits too; those of a field resolver under another name than its method's;
 * and those of an interface's or a base type's field that a type declares anew.
 */
export function completePolicies({ schema, resolvers }: { schema: GraphQLSchema; resolvers: readonly Class[] }): void {
  const { queries, mutations, subscriptions } = getMetadataStorage();
  const roots = new Map<unknown, readonly Method[]>([
    [schema.getQueryType(), queries],
    [schema.getMutationType(), mutations],
    [schema.getSubscriptionType(), subscriptions],
  ]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type) || !(isObjectType(type) || isInterfaceType(type))) continue;
    const methods = roots.get(type);
    const classes = methods === undefined ? typeClasses(type.name) : [];
    for (const field of Object.values(type.getFields())) {
      const named = (methods ?? []).filter(({ schemaName }) => schemaName === field.name);
      const found = [
        ...named.flatMap((method) => [...ofMethod(method, resolvers)]),
        ...classes.flatMap((each) => [...ofTypeField({ type: each, name: field.name, resolvers })]),
      ];
      field.extensions = { ...field.extensions, ...Object.fromEntries(found) };
    }
  }
}

/** A class and those that it extends. */
export function lineageOf(target: Class): Class[] {
  const lineage: Class[] = [];
  for (let at = target; at?.prototype !== undefined; at = Object.getPrototypeOf(at)) lineage.push(at);
  return lineage;
}

/** The policies that stand on one name in a class; without a name, on the class itself. */
export function standingOn(target: Class, name?: string): Policies {
  const { fieldExtensions, classExtensions } = getMetadataStorage();
  const entries =
    name === undefined
      ? classExtensions.filter((entry) => entry.target === target)
      : fieldExtensions.filter((entry) => entry.target === target && entry.fieldName === name);
  return new Map(
    entries.flatMap(({ extensions }) => [
      ...policiesOf({ extensions: extensions as Readonly<Record<string, unknown>> }),
    ]),
  );
}

/** The classes of an object or interface type, with those that it extends and implements. */
export function typeClasses(typeName: string): Class[] {
  const { objectTypes, interfaceTypes } = getMetadataStorage();
  const types = [...objectTypes, ...interfaceTypes];
  const found = new Set<Class>();
  const add = (target: Class) => {
    for (const each of lineageOf(target).filter((one) => !found.has(one))) {
      found.add(each);
      const metadata = types.find((type) => type.target === each);
      for (const implemented of metadata?.interfaceClasses ?? []) add(implemented);
    }
  };
  for (const { target } of types.filter(({ name }) => name === typeName)) add(target);
  return [...found];
}

/** Of a method, as the resolver classes that have it, or inherit it, are guarded. */
function ofMethod(
  { target, methodName }: Pick<Method, 'target' | 'methodName'>,
  resolvers: readonly Class[],
): Policies {
  const classes = classesWith(target, resolvers);
  return new Map([
    ...classes.flatMap((each) => [...standingOn(each), ...standingOn(each, methodName)]),
    ...typeGraphqlRoles(classes, methodName),
  ]);
}

/**
 * The classes whose policies hold for the methods of this one: those that have or inherit them. TypeGraphQL shows the field
 * resolvers of one schema in the next one of the process, too, which may have none of these classes.
 */
function classesWith(target: Class, resolvers: readonly Class[]): Class[] {
  const heirs = resolvers.map(lineageOf).filter((lineage) => lineage.includes(target));
  return heirs.length > 0 ? [...new Set(heirs.flat())] : lineageOf(target);
}

function ofTypeField(needs: { type: Class; name: string; resolvers: readonly Class[] }): Policies {
  const { type, name, resolvers } = needs;
  const { fields, fieldResolvers } = getMetadataStorage();
  const declared = fields.filter(({ target }) => target === type);
  const names = declared.filter(({ schemaName }) => schemaName === name).map((field) => field.name);
  // A property without @Field may be what a field resolver answers for.
  if (!declared.some((field) => field.name === name)) names.push(name);
  const resolving = fieldResolvers.filter(
    ({ schemaName, target, kind }) =>
      schemaName === name && kind === 'external' && isResolverOf(target, type, resolvers),
  );
  return new Map([
    ...names.flatMap((each) => [...standingOn(type, each), ...typeGraphqlRoles([type], each)]),
    ...resolving.flatMap((method) => [...ofMethod(method, resolvers)]),
  ]);
}

/** Whether field resolvers of this class are of that type: it says so, or a class that inherits them does. */
function isResolverOf(target: Class, type: Class, resolvers: readonly Class[]): boolean {
  return classesWith(target, resolvers).some((each) => objectTypeOf(each) === type);
}

function objectTypeOf(target: Class): unknown {
  const metadata = getMetadataStorage().resolverClasses.find((each) => each.target === target);
  try {
    return metadata?.getObjectType?.();
  } catch {
    // It names no type.
    return undefined;
  }
}
