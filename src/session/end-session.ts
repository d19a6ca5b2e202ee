import type { Identity } from '../graphql/auth-state.js';
import type { ClientFacts } from '../platform/audit/audit.js';
import type { EndingRepository } from './revocation/ending.repository.js';

/** false: no such live session of the viewer's. */
export type EndSession = (input: { identity: Identity; sessionId: string; client: ClientFacts }) => Promise<boolean>;

const UUID_TEXT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Ends one of the viewer's sessions; another user's is answered like one that never was. */
export function createEndSession({ endings }: { endings: EndingRepository }): EndSession {
  return async ({ identity, sessionId, client }) => {
    if (!UUID_TEXT.test(sessionId)) return false;
    return endings.end({ userId: identity.userId, sessionId: sessionId.toLowerCase(), cause: 'ENDED_BY_USER', client });
  };
}
