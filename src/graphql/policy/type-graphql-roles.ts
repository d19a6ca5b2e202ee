import { getMetadataStorage } from 'type-graphql';
import { type Policy, policyExtensions } from './policy.js';

// biome-ignore lint/complexity/noBannedTypes: TypeGraphQL names classes by this type.
type Class = Function;

const known = new WeakMap<object, [string, Policy][]>();

/**
 * What TypeGraphQL's own `@Authorized("ROLE")` asks for on one name in these classes, as policies: on the name itself,
 * which takes the place of what stands on a class; else on the classes. It loses them where it loses ours.
 */
export function typeGraphqlRoles(classes: readonly Class[], name: string): [string, Policy][] {
  const { authorizedFields, authorizedResolver } = getMetadataStorage();
  const onName = authorizedFields.filter(({ target, fieldName }) => classes.includes(target) && fieldName === name);
  const onClasses = authorizedResolver.filter(({ target }) => classes.includes(target));
  return (onName.length > 0 ? onName : onClasses).flatMap(asPolicy);
}

/** The same each time, so that of the same decorator there is one policy. */
function asPolicy(metadata: { roles: unknown[] }): [string, Policy][] {
  const made = known.get(metadata) ?? Object.entries(policyExtensions(policyOf(metadata.roles)));
  known.set(metadata, made);
  return made;
}

function policyOf(roles: unknown[]): Policy {
  return roles.length === 0 ? {} : { roles: roles.map(String) };
}
