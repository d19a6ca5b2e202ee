import { Extensions } from 'type-graphql';
import { ROLE_NAME } from '../../platform/role-name.js';
import { isScopeToken } from '../../platform/scope-token.js';
import { type Policy, policyExtensions } from './policy.js';

const KNOWN = new Set(['roles', 'scopes', 'maxAgeSeconds']);

/**
 * Lets only those in who meet the policy: one of `roles`, all of `scopes`, a credential checked at most `maxAgeSeconds`
 * ago; without any of them, whoever is signed in. It stands on a field, on an object or interface type (for each of its
 * fields), or on a resolver class (for each of its methods, those that it inherits and those of its heirs); of several, all must hold. The schema shows it as
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
    if (typeof descriptor === 'number') throw new TypeError('@Authorized guards no parameter: put it on the method');
    if (propertyKey === undefined) decorate(target as never);
    else decorate(target, propertyKey, descriptor as TypedPropertyDescriptor<unknown>);
  };
}

function assertSound(policy: Policy): void {
  const isObject = typeof policy === 'object' && policy !== null;
  if (!isObject || Object.keys(policy).some((name) => !KNOWN.has(name))) {
    throw new TypeError('@Authorized takes { roles, scopes, maxAgeSeconds }, and nothing else');
  }
  // A name that was looked up and not found would let in whoever is signed in.
  const missing = Object.entries(policy).find(([, value]) => value === undefined || value === null);
  if (missing !== undefined)
    throw new TypeError(`@Authorized: ${missing[0]} is ${missing[1]}: leave it out, or fill it`);
  const { roles, scopes, maxAgeSeconds } = policy;
  if (roles !== undefined && !isListOf(roles, (role) => ROLE_NAME.test(role))) {
    throw new TypeError('@Authorized: roles must be one or more names such as ADMIN');
  }
  if (scopes !== undefined && !isListOf(scopes, isScopeToken)) {
    throw new TypeError('@Authorized: scopes must be one or more names without spaces, such as notes:write');
  }
  if (maxAgeSeconds !== undefined && !(Number.isInteger(maxAgeSeconds) && maxAgeSeconds >= 1)) {
    throw new TypeError('@Authorized: maxAgeSeconds must be a whole number of seconds, 1 or more');
  }
}

function isListOf(value: unknown, isOne: (text: string) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string' && isOne(each));
}
