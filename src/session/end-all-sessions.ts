import type { Identity } from '../graphql/auth-state.js';
import type { ClientFacts } from '../platform/audit/audit.js';
import type { EndingRepository } from './revocation/ending.repository.js';

/** Answers how many live sessions ended. */
export type EndAllSessions = (input: {
  identity: Identity;
  /** Whether the session that asks goes on. */
  keepsCurrent: boolean;
  client: ClientFacts;
}) => Promise<number>;

/** Ends all of the viewer's sessions, those that begin at the same moment included. */
export function createEndAllSessions({ endings }: { endings: EndingRepository }): EndAllSessions {
  return ({ identity, keepsCurrent, client }) =>
    endings.endAll({
      userId: identity.userId,
      exceptSessionId: keepsCurrent ? identity.sessionId : null,
      cause: keepsCurrent ? 'OTHERS_ENDED_BY_USER' : 'LOGOUT_EVERYWHERE',
      client,
    });
}
