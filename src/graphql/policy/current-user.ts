import { createParameterDecorator } from 'type-graphql';
import type { GatewayContext } from '../context.js';

/**
 * Hands a resolver the caller as the access token tells of them: an `Identity`, without a query. `auth.loadUser()` of the
 * context reads their profile.
 *
 * On a public field it refuses strangers with `UNAUTHENTICATED`.
 */
export function CurrentUser(): ParameterDecorator {
  return createParameterDecorator<GatewayContext>(({ context }) => context.auth.requireAuth()) as ParameterDecorator;
}
