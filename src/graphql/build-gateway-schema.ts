import { type GraphQLSchema, specifiedDirectives } from 'graphql';
import { buildSchemaSync, type ContainerType, type NonEmptyArray } from 'type-graphql';
import type { Clock } from '../platform/clock.js';
import type { GatewayContext } from './context.js';
import type { References } from './federation/entities.js';
import { toSubgraph } from './federation/to-subgraph.js';
import { policyDirectives } from './policy/directives.js';
import { createEnforce, type OnForbidden } from './policy/enforce.js';
import { guardSchema } from './policy/guard-schema.js';

// biome-ignore lint/complexity/noBannedTypes: TypeGraphQL names resolver classes by this type.
export type ResolverClasses = NonEmptyArray<Function>;

/** What a subgraph needs beyond its schema. */
export interface Federation {
  /** Finds what other subgraphs refer to; those of `User` are found without. */
  references: References;
  /** Whether `_service` tells the schema. */
  isSchemaTold: boolean;
}

/**
 * Builds the schema of TypeGraphQL resolvers; every root field that is not marked `@Public()` needs a signed-in user.
 *
 * @throws {TypeError} where a policy stands where nothing could enforce it.
 */
export function buildGatewaySchema(needs: {
  resolvers: ResolverClasses;
  container: ContainerType;
  clock: Clock;
  onForbidden: OnForbidden;
  /** As a subgraph of Apollo Federation 2. Default: not. */
  federation?: Federation | null | undefined;
}): GraphQLSchema {
  const { resolvers, container, federation } = needs;
  const enforce = createEnforce(needs);
  const schema = buildSchemaSync({
    resolvers,
    container,
    directives: [...specifiedDirectives, ...policyDirectives],
    // The rules of each feature check their own arguments, whoever calls them; the schema refuses wrong shapes.
    validate: false,
    // For TypeGraphQL's own @Authorized(), which the schema does not show.
    authChecker: async ({ context }: { context: GatewayContext }, roles: string[]) => {
      await enforce([roles.length === 0 ? {} : { roles }], context);
      return true;
    },
  });
  describeRoots(schema);
  guardSchema({ schema, resolvers, enforce });
  return federation ? toSubgraph({ ...federation, schema, enforce }) : schema;
}

/** TypeGraphQL gives the root types no descriptions. */
function describeRoots(schema: GraphQLSchema): void {
  const query = schema.getQueryType();
  const mutation = schema.getMutationType();
  if (query) query.description = 'What can be asked. Everything needs a signed-in user unless it says otherwise.';
  if (mutation) mutation.description = 'What can be done. Everything needs a signed-in user unless it says otherwise.';
}
