import type { Identity } from '../graphql/auth-state.js';
import type { ClientFacts } from '../platform/audit/audit.js';
import type { EndingRepository } from './revocation/ending.repository.js';
import type { SessionOfToken } from './session-of-token.js';

export type Logout = (input: {
  refreshToken: string | null;
  /** Whose access token came along, if it was taken. */
  identity: Identity | null;
  client: ClientFacts;
}) => Promise<void>;

/**
 * Ends the session of the refresh token where that is genuine, of any generation, and its session alive; otherwise
 * that of the access token. Does nothing, quietly, where there is neither.
 */
export function createLogout(needs: { sessionOfToken: SessionOfToken; endings: EndingRepository }): Logout {
  const { sessionOfToken, endings } = needs;
  return async ({ refreshToken, identity, client }) => {
    const meant = (refreshToken === null ? null : await sessionOfToken(refreshToken)) ?? identity;
    if (meant === null) return;
    await endings.end({ userId: meant.userId, sessionId: meant.sessionId, cause: 'LOGOUT', client });
  };
}
