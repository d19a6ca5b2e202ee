import { isScopeToken } from '../../platform/scope-token.js';

/** The scopes that come with roles; asked whenever an access token is issued. */
export type ScopesOf = (roles: readonly string[]) => readonly string[];

/**
 * The scopes of an access token, each once.
 *
 * @throws {TypeError} where one is no scope token (RFC 6749 3.3): with a space in it, it would be read as two.
 */
export function grantedScopes(scopesOf: ScopesOf, roles: readonly string[]): string[] {
  const scopes = [...new Set(scopesOf(roles))];
  if (!scopes.every(isScopeToken)) throw new TypeError('scopesOf answered what is no scope');
  return scopes;
}

/** Scopes by a table of roles (setting ROLE_SCOPES); a role that is not in it brings none. */
export function scopesByRole(roleScopes: Readonly<Record<string, readonly string[]>>): ScopesOf {
  return (roles) => roles.flatMap((role) => (Object.hasOwn(roleScopes, role) ? (roleScopes[role] ?? []) : []));
}
