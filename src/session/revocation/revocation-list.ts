import { LRUCache } from 'lru-cache';
import type { Identity } from '../../graphql/auth-state.js';
import type { Clock } from '../../platform/clock.js';

/** A row of the feed, as a look at it brings it. */
export interface FeedEntry {
  /** The row's own; absent where this process has made the change itself. */
  id?: string;
  userId: string;
  sessionId: string | null;
  authEpoch: number | null;
}

/** What this process knows to have ended or changed; access tokens are held against it without a query. */
export interface RevocationList {
  noteEnded(sessionId: string): void;
  /** The user's profile has changed here; their tokens stay as good as they were. */
  noteProfileChanged(userId: string): void;
  noteAll(entries: readonly FeedEntry[]): void;
  /** Whether the session has ended, as far as is known here. */
  hasEnded(sessionId: string): boolean;
  /** What has become of the session or the user since the token was issued. */
  check(identity: Pick<Identity, 'userId' | 'sessionId' | 'authEpoch'>): 'current' | 'session_ended' | 'user_changed';
}

/** No access token lives longer than 3600 s; the leeway and a minute of slack on top. */
const KEEP_MS = 3_665_000;
/** Each look brings the rows of the last minute again: so many of them are known again. */
const ROWS_REMEMBERED_MAX = 10_000;

/**
 * An empty list. Times are monotonic: a clock that is set back must not make anything forgotten too early.
 *
 * `onUserChanged` hears once, or more often, of each change of a user.
 */
export function createRevocationList(needs: { clock: Clock; onUserChanged: (userId: string) => void }): RevocationList {
  const { clock, onUserChanged } = needs;
  const knownRows = new LRUCache<string, true>({ max: ROWS_REMEMBERED_MAX });
  const endedSessions = new Map<string, number>();
  const changedUsers = new Map<string, { authEpoch: number; notedAtMs: number }>();

  const noteEnded = (sessionId: string) => {
    // Set anew, so that the map stays in the order of time and the oldest stand in front.
    endedSessions.delete(sessionId);
    endedSessions.set(sessionId, clock.monotonicMs());
  };
  const noteChanged = (userId: string, authEpoch: number) => {
    const known = changedUsers.get(userId);
    changedUsers.delete(userId);
    changedUsers.set(userId, {
      authEpoch: Math.max(authEpoch, known?.authEpoch ?? 0),
      notedAtMs: clock.monotonicMs(),
    });
  };
  const tellOnce = ({ id, userId }: FeedEntry) => {
    if (id !== undefined) {
      if (knownRows.has(id)) return;
      knownRows.set(id, true);
    }
    onUserChanged(userId);
  };
  const forgetOld = () => {
    const oldest = clock.monotonicMs() - KEEP_MS;
    for (const [sessionId, notedAtMs] of endedSessions) {
      if (notedAtMs >= oldest) break;
      endedSessions.delete(sessionId);
    }
    for (const [userId, { notedAtMs }] of changedUsers) {
      if (notedAtMs >= oldest) break;
      changedUsers.delete(userId);
    }
  };

  return {
    noteEnded,
    noteProfileChanged: onUserChanged,
    noteAll: (entries) => {
      forgetOld();
      for (const entry of entries) {
        const { userId, sessionId, authEpoch } = entry;
        if (sessionId !== null) noteEnded(sessionId);
        else tellOnce(entry);
        if (authEpoch !== null) noteChanged(userId, authEpoch);
      }
    },
    hasEnded: (sessionId) => endedSessions.has(sessionId),
    check: ({ userId, sessionId, authEpoch }) => {
      if (endedSessions.has(sessionId)) return 'session_ended';
      return authEpoch < (changedUsers.get(userId)?.authEpoch ?? 0) ? 'user_changed' : 'current';
    },
  };
}
