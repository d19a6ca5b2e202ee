/** What a caller must show beyond being signed in. Nothing in it: being signed in is enough. */
export interface Policy {
  /** One of them is needed. */
  roles?: readonly string[];
  /** All of them are needed (RFC 6749 3.3). */
  scopes?: readonly string[];
  /** How many seconds ago, at most, a credential was checked (claim `auth_time`; RFC 9470). */
  maxAgeSeconds?: number;
}

/** A key of schema extensions that holds a {@link Policy} begins so. Each has its own: of several, all must hold. */
const POLICY_EXTENSION = 'gatehousePolicy:';
let policiesMade = 0;

/** The schema extensions that put a policy on a field or a type. */
export function policyExtensions(policy: Policy): Record<string, Policy> {
  policiesMade += 1;
  // A copy: what is changed or emptied later must not loosen a guard.
  return { [`${POLICY_EXTENSION}${policiesMade}`]: structuredClone(policy) };
}

/** The policies that stand on a field, a type or an argument of a schema; each once, by its key. */
export function policiesOf({ extensions }: { extensions: Readonly<Record<string, unknown>> }): Map<string, Policy> {
  const entries = Object.entries(extensions).filter(([key]) => key.startsWith(POLICY_EXTENSION));
  return new Map(entries as [string, Policy][]);
}
