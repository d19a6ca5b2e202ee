import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
} from 'graphql';
import type { GatewayContext } from '../context.js';
import { isPublic } from '../public.js';
import { type Class, completePolicies } from './class-policies.js';
import { appliedDirectives } from './directives.js';
import type { Enforce } from './enforce.js';
import { type Policy, policiesOf } from './policy.js';
import { refuseVainPolicies } from './refuse-vain-policies.js';

type Field = GraphQLField<unknown, GatewayContext>;

/**
 * Puts a guard before every field that has a policy, by itself, by its type, by an interface of its type or by the class
 * of its resolver, and before every root field that is not public; and shows the policies as directives.
 *
 * @throws {TypeError} where a policy stands where nothing could enforce it.
 */
export function guardSchema(needs: { schema: GraphQLSchema; resolvers: readonly Class[]; enforce: Enforce }): void {
  const { schema, enforce } = needs;
  refuseVainPolicies(needs);
  completePolicies(needs);
  const roots = rootTypes(schema);
  const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type));
  for (const type of types.filter(isObjectType)) {
    for (const field of Object.values(type.getFields())) {
      const policies = policiesOfField(type, field);
      if (policies.length === 0 && roots.has(type) && !isPublic(field)) policies.push({});
      if (policies.length === 0) continue;
      show(field, policies);
      guard(field, policies, enforce);
    }
  }
  for (const type of types.filter(isInterfaceType)) {
    for (const field of Object.values(type.getFields())) show(field, [...policiesOf(field).values()]);
  }
  for (const type of types.filter((each) => isObjectType(each) || isInterfaceType(each))) {
    show(type, [...policiesOf(type).values()]);
  }
}

/** The names of the root fields that answer strangers, e.g. `Query.me`. */
export function publicFields(schema: GraphQLSchema): string[] {
  return [...rootTypes(schema)].flatMap((type) =>
    Object.values(type.getFields())
      .filter((field) => isPublic(field) && policiesOfField(type, field).length === 0)
      .map((field) => `${type.name}.${field.name}`),
  );
}

function rootTypes(schema: GraphQLSchema): Set<GraphQLObjectType> {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return new Set(roots.filter((type) => type !== null && type !== undefined));
}

function policiesOfField(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>): Policy[] {
  const inherited = (each: GraphQLInterfaceType) => [
    ...policiesOf(each),
    ...policiesOf(each.getFields()[field.name] ?? { extensions: {} }),
  ];
  const entries = [...policiesOf(type), ...policiesOf(field), ...type.getInterfaces().flatMap(inherited)];
  return [...new Map(entries).values()];
}

/** For tools that print the schema. */
function show(element: { extensions: object }, policies: readonly Policy[]): void {
  if (policies.length === 0) return;
  const { directives, ...others } = element.extensions as { directives?: object };
  element.extensions = { ...others, directives: { ...directives, ...appliedDirectives(policies) } };
}

function guard(field: Field, policies: readonly Policy[], enforce: Enforce): void {
  const { resolve = defaultFieldResolver, subscribe } = field;
  field.resolve = (source, parameters, context, info) => {
    const pending = enforce(policies, context);
    if (pending === undefined) return resolve(source, parameters, context, info);
    return pending.then(() => resolve(source, parameters, context, info));
  };
  if (subscribe !== undefined) {
    field.subscribe = async (source, parameters, context, info) => {
      await enforce(policies, context);
      return subscribe(source, parameters, context, info);
    };
  }
}
