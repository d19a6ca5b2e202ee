import { defaultFieldResolver, type GraphQLObjectType } from 'graphql';
import type { GatewayContext } from '../context.js';
import { unauthenticated } from '../errors.js';
import type { Enforce } from '../policy/enforce.js';

/** A user as another subgraph names them: nothing is known of them but the id. */
export class UserReference {
  constructor(readonly id: string) {}
}

/**
 * Lets a field of a referenced user resolve for that user alone: what a router asks about others is `FORBIDDEN`, but for
 * their id. Users that the gateway's own fields answer are left as they are.
 */
export function guardReferencedUsers({ type, enforce }: { type: GraphQLObjectType; enforce: Enforce }): void {
  for (const field of Object.values(type.getFields()).filter(({ name }) => name !== 'id')) {
    const { resolve = defaultFieldResolver } = field;
    field.resolve = async (source, parameters, context: GatewayContext, info) => {
      if (!(source instanceof UserReference)) return resolve(source, parameters, context, info);
      await enforce([{ userId: source.id }], context);
      const viewer = await context.auth.loadUser();
      if (viewer === null) throw unauthenticated('SESSION_ENDED');
      return resolve(viewer, parameters, context, info);
    };
  }
}
