import type { GatewayContext } from '../graphql/context.js';
import type { Viewer } from './vouch.js';

/** The viewer of a request, asked for only where a session may stand for somebody. */
export function viewerOf({ auth }: GatewayContext): Viewer {
  return async () => (auth.state === 'anonymous' ? null : auth.requireAuth());
}
