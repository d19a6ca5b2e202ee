import { Extensions } from 'type-graphql';
import { ROLE_NAME } from '../../platform/role-name.js';
import { isScopeToken } from '../../platform/scope-token.js';
import { type Policy, policyExtensions } from './policy.js';

const KNOWN = new Set(['roles', 'scopes', 'maxAgeSeconds']);

/**
 * Lets only those in who meet the policy: one of `roles`, all of `scopes`, a credential checked at most `maxAgeSeconds`
 * ago; without any of them, whoever is signed in. It stands on a field, on an object or interface type (for each of its
 * fields), or on a resolver class (for each of its methods); of several, all must hold. The schema shows it as
 * `@authenticated`, `@requiresScopes` and `@auth`.
 *
 * Others get `UNAUTHENTICATED`, or `FORBIDDEN`, with reason `STALE_AUTHENTICATION` where only the age is in the way.
 *
 * @throws {TypeError} where the policy can't be met or holds a misspelt name: a guard that guards nothing is worse than none.
 */
export function Authorized(policy: Policy = {}): MethodDecorator & PropertyDecorator & ClassDecorator {
  assertSound(policy);
  const decorate = Extensions(policyExtensions(policy));
  // biome-ignore lint/complexity/noBannedTypes: what decorators are given.
  return (target: object | Function, propertyKey?: string | symbol, descriptor?: unknown) => {
    if (propertyKey !== undefined) {
      decorate(target, propertyKey, descriptor as TypedPropertyDescriptor<unknown>);
      return;
    }
    const decorated = target as abstract new () => unknown;
    decorate(decorated as never);
    // TypeGraphQL reads no extensions of resolver classes: their methods bear them.
    for (const name of methodNames(decorated.prototype)) decorate(decorated.prototype, name, {});
  };
}

function assertSound(policy: Policy): void {
  const { roles, scopes, maxAgeSeconds } = policy;
  const unknown = Object.keys(policy).find((name) => !KNOWN.has(name));
  if (typeof policy !== 'object' || unknown !== undefined) {
    throw new TypeError('@Authorized takes { roles, scopes, maxAgeSeconds }, and nothing else');
  }
  if (roles !== undefined && (roles.length === 0 || !roles.every((role) => ROLE_NAME.test(role)))) {
    throw new TypeError('@Authorized: roles must be one or more names such as ADMIN');
  }
  if (scopes !== undefined && (scopes.length === 0 || !scopes.every(isScopeToken))) {
    throw new TypeError('@Authorized: scopes must be one or more names without spaces, such as notes:write');
  }
  if (maxAgeSeconds !== undefined && !(Number.isInteger(maxAgeSeconds) && maxAgeSeconds >= 1)) {
    throw new TypeError('@Authorized: maxAgeSeconds must be a whole number of seconds, 1 or more');
  }
}

/** Inherited ones, too. */
function methodNames(prototype: object): string[] {
  const names: string[] = [];
  for (let at = prototype; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name !== 'constructor' && typeof value === 'function') names.push(name);
    }
  }
  return names;
}
