import { DirectiveLocation, GraphQLDirective, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLString } from 'graphql';
import type { Policy } from './policy.js';

const locations = [DirectiveLocation.FIELD_DEFINITION, DirectiveLocation.OBJECT, DirectiveLocation.INTERFACE];
const names = new GraphQLList(new GraphQLNonNull(GraphQLString));

/** The directives that show policies: two that routers know (Apollo Federation 2.5 and later), and one of our own. */
export const policyDirectives: readonly GraphQLDirective[] = [
  new GraphQLDirective({ name: 'authenticated', locations, description: 'The caller must be signed in.' }),
  new GraphQLDirective({
    name: 'requiresScopes',
    locations,
    description: 'The access token must have all scopes of one of the lists (RFC 6749 3.3); else FORBIDDEN.',
    args: {
      scopes: {
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(names))),
        description: 'One list is enough; of that, every scope.',
      },
    },
  }),
  new GraphQLDirective({
    name: 'auth',
    locations,
    isRepeatable: true,
    description: 'What else the caller must show, of several all; else FORBIDDEN.',
    args: {
      roles: { type: names, description: 'One of these roles is needed.' },
      maxAgeSeconds: {
        type: GraphQLInt,
        description:
          'So many seconds ago, at most, a credential was checked; else the reason is STALE_AUTHENTICATION, and ' +
          '`reauthenticate` is the way on.',
      },
    },
  }),
];

/** Directives with their arguments, as schema extensions hold them for tools to print. */
export type AppliedDirectives = Record<string, object[]>;

/** How policies look in the schema definition language: all that stand on one field or type. */
export function appliedDirectives(policies: readonly Policy[]): AppliedDirectives {
  if (policies.length === 0) return {};
  const applied: AppliedDirectives = { authenticated: [{}] };
  const scopes = [...new Set(policies.flatMap((policy) => policy.scopes ?? []))];
  if (scopes.length > 0) applied['requiresScopes'] = [{ scopes: [scopes] }];
  const others = policies.flatMap(({ roles, maxAgeSeconds }) =>
    roles === undefined && maxAgeSeconds === undefined
      ? []
      : [{ ...(roles && { roles }), ...(maxAgeSeconds && { maxAgeSeconds }) }],
  );
  if (others.length > 0) applied['auth'] = others;
  return applied;
}
