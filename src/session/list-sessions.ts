import type { Clock } from '../platform/clock.js';
import type { ListedSession, RefreshSessionRepository } from './refresh-session.repository.js';

/** A user's live sessions, the most recently used first. */
export type ListSessions = (userId: string) => Promise<ListedSession[]>;

/** Lists sessions by one statement. */
export function createListSessions(needs: { sessions: RefreshSessionRepository; clock: Clock }): ListSessions {
  return (userId) => needs.sessions.listLive({ userId, now: needs.clock.now() });
}
