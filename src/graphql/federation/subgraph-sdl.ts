import { createRequire } from 'node:module';
import { getDocumentNodeFromSchema } from '@graphql-tools/utils';
import { type DocumentNode, type GraphQLSchema, graphqlSync, Kind, parse } from 'graphql';
import { policyDirectives } from '../policy/directives.js';
import { SubgraphPackageMissing } from './subgraph-package-missing.js';

/** The first version that knows @authenticated and @requiresScopes. */
const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
  import: ["@key", "@authenticated", "@requiresScopes"])`;

/** Ours to explain; the routers know the other two by the federation specification. */
const OWN_DIRECTIVE = 'auth';

/**
 * A schema as a subgraph of Apollo Federation 2 tells it, checked by @apollo/subgraph.
 *
 * @throws {SubgraphPackageMissing} where that is not installed; {@link Error} where a key names what is not there.
 */
export function subgraphSdl(schema: GraphQLSchema): string {
  const { buildSubgraphSchema } = loadSubgraph();
  const subgraph = buildSubgraphSchema({ typeDefs: [parse(LINK), withoutRouterDirectives(schema)] });
  const { data, errors } = graphqlSync({ schema: subgraph, source: '{ _service { sdl } }' });
  if (errors?.[0] !== undefined) throw errors[0];
  return String((data as { _service?: { sdl?: unknown } } | null)?._service?.sdl);
}

/** Definitions of our own of what the link imports would be other directives of the same names. */
function withoutRouterDirectives(schema: GraphQLSchema): DocumentNode {
  const imported = new Set(policyDirectives.map(({ name }) => name).filter((name) => name !== OWN_DIRECTIVE));
  const document = getDocumentNodeFromSchema(schema);
  const definitions = document.definitions.filter(
    (node) =>
      node.kind !== Kind.SCHEMA_DEFINITION &&
      !(node.kind === Kind.DIRECTIVE_DEFINITION && imported.has(node.name.value)),
  );
  return { ...document, definitions };
}

function loadSubgraph(): typeof import('@apollo/subgraph') {
  try {
    // Only who federates needs it.
    return createRequire(import.meta.url)('@apollo/subgraph');
  } catch (error) {
    if (Object(error).code !== 'MODULE_NOT_FOUND') throw error;
    throw new SubgraphPackageMissing(error);
  }
}
