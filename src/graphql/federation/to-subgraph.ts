import { extendSchema, type GraphQLObjectType, type GraphQLSchema, isObjectType, isUnionType, parse } from 'graphql';
import type { GatewayContext } from '../context.js';
import { forbidden } from '../errors.js';
import type { Enforce } from '../policy/enforce.js';
import { markPublic } from '../public.js';
import { createEntities, type References } from './entities.js';
import { subgraphSdl } from './subgraph-sdl.js';
import { guardReferencedUsers } from './user-reference.js';

/**
 * The same schema as a subgraph of Apollo Federation 2: resolvers, guards and scalars stay; `_service` and `_entities` are
 * added, and `User` gets its key.
 *
 * @throws {SubgraphPackageMissing} where @apollo/subgraph is not installed; {@link TypeError} where an entity has no reference.
 */
export function toSubgraph(needs: {
  /** Guarded already. */
  schema: GraphQLSchema;
  references: References;
  /** Whether the schema is told to whom may ask for it. */
  isSchemaTold: boolean;
  enforce: Enforce;
}): GraphQLSchema {
  const { references, isSchemaTold, enforce } = needs;
  const user = needs.schema.getType('User') as GraphQLObjectType;
  user.extensions = {
    ...user.extensions,
    directives: { ...(user.extensions['directives'] as object | undefined), key: [{ fields: 'id' }] },
  };
  const names = entityNames(needs.schema);
  const missing = names.find((name) => name !== 'User' && !Object.hasOwn(references, name));
  if (missing !== undefined) throw new TypeError(`${missing} has a key: give createGateway references: { ${missing} }`);
  const sdl = subgraphSdl(needs.schema);
  const schema = extendSchema(needs.schema, parse(federationTypes(names)), { assumeValid: true });
  const entities = createEntities({ references });
  const { _entities, _service } = schema.getQueryType()?.getFields() ?? {};
  const union = schema.getType('_Entity');
  if (_entities === undefined || _service === undefined || !isUnionType(union)) throw new Error('nothing to federate');
  union.resolveType = (value) => entities.typeOf(value);
  _entities.resolve = (_source, { representations }, context: GatewayContext) =>
    entities.resolve(representations, context);
  _service.resolve = () => {
    if (!isSchemaTold) throw forbidden();
    return { sdl };
  };
  for (const field of [_entities, _service]) markPublic(field);
  guardReferencedUsers({ type: schema.getType('User') as GraphQLObjectType, enforce });
  return schema;
}

function federationTypes(names: readonly string[]): string {
  return `
    "Key fields and the name of a type, as another subgraph knows them."
    scalar _Any
    "What other subgraphs may refer to."
    union _Entity = ${names.join(' | ')}
    "This service as a subgraph."
    type _Service {
      "The schema, for composition."
      sdl: String!
    }
    extend type Query {
      "For routers: the objects that other subgraphs refer to; at most 100. Of users other than the viewer, the id alone."
      _entities("Which." representations: [_Any!]!): [_Entity]!
      "For composition; FORBIDDEN where introspection is off."
      _service: _Service!
    }`;
}

/** The types with a key, ours and those that bear TypeGraphQL's @Directive. */
function entityNames(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ astNode, extensions }) => {
      const shown = (extensions['directives'] ?? {}) as object;
      return 'key' in shown || astNode?.directives?.some(({ name }) => name.value === 'key') === true;
    })
    .map(({ name }) => name);
}
