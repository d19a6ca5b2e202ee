import type { GatewayContext } from '../context.js';
import { badUserInput } from '../errors.js';
import { UserReference } from './user-reference.js';

/** What another subgraph knows of an object: its type and its key fields. */
export type Representation = Readonly<Record<string, unknown>> & { readonly __typename: string };

/** Finds the objects of one type that other subgraphs name; `null`: there is none. The caller is signed in. */
export type ResolveReference = (representation: Representation, context: GatewayContext) => unknown;

/** By the name of the type. */
export type References = Readonly<Record<string, ResolveReference>>;

const REPRESENTATIONS_MAX = 100;

/** The resolver of `Query._entities`, and what tells the types of its answers. */
export interface Entities {
  resolve(representations: readonly unknown[], context: GatewayContext): Promise<unknown>[];
  typeOf(entity: object): string | undefined;
}

/**
 * Resolves references. A representation is never an answer by itself: whoever sends it would say what its fields are.
 * Everything but a user's id needs a signed-in caller.
 */
export function createEntities({ references }: { references: References }): Entities {
  const types = new WeakMap<object, string>();
  const resolveOne = async (representation: unknown, context: GatewayContext): Promise<unknown> => {
    if (!isRepresentation(representation)) throw malformed('Each representation is an object with a __typename.');
    const found = await find(representation, context, references);
    if (found === null || found === undefined) return null;
    if (typeof found !== 'object') throw new TypeError(`the reference of ${representation.__typename} is no object`);
    types.set(found, representation.__typename);
    return found;
  };
  return {
    resolve: (representations, context) => {
      if (representations.length > REPRESENTATIONS_MAX) {
        throw malformed(`There are ${representations.length} representations, at most ${REPRESENTATIONS_MAX}.`);
      }
      return representations.map((representation) => resolveOne(representation, context));
    },
    typeOf: (entity) => types.get(entity),
  };
}

async function find(representation: Representation, context: GatewayContext, references: References): Promise<unknown> {
  const { __typename: type } = representation;
  if (type === 'User') {
    const { id } = representation;
    if (typeof id !== 'string') throw malformed('A representation of a User has an id.');
    return new UserReference(id);
  }
  const resolveReference = Object.hasOwn(references, type) ? references[type] : undefined;
  if (resolveReference === undefined) throw malformed('There is no entity of this type.');
  await context.auth.requireAuth();
  return resolveReference(representation, context);
}

function isRepresentation(value: unknown): value is Representation {
  return typeof value === 'object' && value !== null && '__typename' in value && typeof value.__typename === 'string';
}

function malformed(message: string) {
  return badUserInput({ message, argument: ['representations'] });
}
