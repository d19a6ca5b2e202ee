import { addSeconds, type Clock } from '../../platform/clock.js';
import type { Identity } from '../auth-state.js';
import type { GatewayContext } from '../context.js';
import { forbidden, staleAuthentication } from '../errors.js';
import type { Policy } from './policy.js';

/** What the audit trail calls a refusal. */
export type RefusalCause = 'ROLE_MISSING' | 'SCOPE_MISSING' | 'OTHER_USER';

/** Tells the audit trail of a known user who was not allowed. */
export type OnForbidden = (refusal: {
  context: GatewayContext;
  identity: Identity;
  cause: RefusalCause;
}) => Promise<void>;

/**
 * Holds a request to all of the policies. It answers nothing, at once, where the token alone says that they are met.
 *
 * @throws `UNAUTHENTICATED`, `FORBIDDEN`, or `SERVICE_UNAVAILABLE` where it can't be told; thrown or as a rejection.
 */
export type Enforce = (policies: readonly Demand[], context: GatewayContext) => Promise<void> | undefined;

/** A policy; or that the caller is one certain user. */
type Demand = Policy & { userId?: string };

/** The one place where a policy is held against a caller. */
export function createEnforce({ clock, onForbidden }: { clock: Clock; onForbidden: OnForbidden }): Enforce {
  const told = new WeakMap<GatewayContext, Map<RefusalCause, Promise<void>>>();

  /** One event for each request: the items of a list are refused one by one. */
  const tellOnce = (context: GatewayContext, identity: Identity, cause: RefusalCause): Promise<void> => {
    const causes = told.get(context) ?? new Map<RefusalCause, Promise<void>>();
    told.set(context, causes);
    const telling = causes.get(cause) ?? onForbidden({ context, identity, cause });
    causes.set(cause, telling);
    return telling;
  };
  const judge = (policies: readonly Demand[], context: GatewayContext, identity: Identity) => {
    const cause = missing(policies, identity);
    if (cause !== null) {
      return tellOnce(context, identity, cause).then(() => {
        throw forbidden();
      });
    }
    // Last: nobody is asked for a password where it would not help.
    const maxAgeSeconds = Math.min(...policies.map((policy) => policy.maxAgeSeconds ?? Number.POSITIVE_INFINITY));
    if (maxAgeSeconds !== Number.POSITIVE_INFINITY && addSeconds(identity.authTime, maxAgeSeconds) < clock.now()) {
      throw staleAuthentication(maxAgeSeconds);
    }
    return undefined;
  };
  return (policies, context) => {
    const { identity } = context.auth;
    if (identity !== null) return judge(policies, context, identity);
    return context.auth.requireAuth().then((shown) => judge(policies, context, shown));
  };
}

function missing(policies: readonly Demand[], { userId, roles, scopes }: Identity): RefusalCause | null {
  for (const policy of policies) {
    if (policy.userId !== undefined && policy.userId !== userId) return 'OTHER_USER';
  }
  for (const policy of policies) {
    if (policy.roles !== undefined && !policy.roles.some((role) => roles.includes(role))) return 'ROLE_MISSING';
  }
  for (const policy of policies) {
    if (policy.scopes !== undefined && !policy.scopes.every((scope) => scopes.includes(scope))) return 'SCOPE_MISSING';
  }
  return null;
}
