import { defaultFieldResolver, type GraphQLField, type GraphQLSchema } from 'graphql';
import { buildSchema, type ContainerType, type NonEmptyArray } from 'type-graphql';
import type { Identity } from './auth-state.js';
import type { GatewayContext } from './context.js';
import { forbidden } from './errors.js';
import { PUBLIC_EXTENSION } from './public.js';

// biome-ignore lint/complexity/noBannedTypes: TypeGraphQL names resolver classes by this type.
export type ResolverClasses = NonEmptyArray<Function>;

/** Tells the audit trail of a known user who was not allowed. */
export type OnForbidden = (context: GatewayContext, identity: Identity) => Promise<void>;

/** Builds the schema of TypeGraphQL resolvers; every root field that is not marked `@Public()` needs a signed-in user. */
export async function buildGatewaySchema(needs: {
  resolvers: ResolverClasses;
  container: ContainerType;
  onForbidden: OnForbidden;
}): Promise<GraphQLSchema> {
  const { resolvers, container, onForbidden } = needs;
  const schema = await buildSchema({
    resolvers,
    container,
    // The rules of each feature check their own arguments, whoever calls them; the schema refuses wrong shapes.
    validate: false,
    authChecker: async ({ context }: { context: GatewayContext }, roles: string[]) => {
      const identity = await context.requireAuth();
      if (roles.length === 0 || roles.some((role) => identity.roles.includes(role))) return true;
      await onForbidden(context, identity);
      throw forbidden();
    },
  });
  describeRoots(schema);
  for (const field of rootFields(schema)) {
    if (!isPublic(field)) denyStrangers(field);
  }
  return schema;
}

/** TypeGraphQL gives the root types no descriptions. */
function describeRoots(schema: GraphQLSchema): void {
  const query = schema.getQueryType();
  const mutation = schema.getMutationType();
  if (query) query.description = 'What can be asked. Everything needs a signed-in user unless it says otherwise.';
  if (mutation) mutation.description = 'What can be done. Everything needs a signed-in user unless it says otherwise.';
}

/** All fields of Query, Mutation and Subscription. */
function rootFields(schema: GraphQLSchema): GraphQLField<unknown, GatewayContext>[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}),
  );
}

/** Whether a root field answers anybody. */
function isPublic(field: Pick<GraphQLField<unknown, unknown>, 'extensions'>): boolean {
  return field.extensions[PUBLIC_EXTENSION] === true;
}

function denyStrangers(field: GraphQLField<unknown, GatewayContext>): void {
  const { resolve = defaultFieldResolver, subscribe } = field;
  field.resolve = async (source, parameters, context, info) => {
    await context.requireAuth();
    return resolve(source, parameters, context, info);
  };
  if (subscribe !== undefined) {
    field.subscribe = async (source, parameters, context, info) => {
      await context.requireAuth();
      return subscribe(source, parameters, context, info);
    };
  }
}
