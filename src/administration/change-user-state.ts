import { type Asker, OPERATOR } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Random } from '../platform/random.js';
import type { RevocationList } from '../session/revocation/revocation-list.js';
import { isId } from './find-user.js';
import type { ChangedState, StateChange, UserStateRepository } from './user-state.repository.js';

export type ChangeUserStateOutcome =
  | { kind: 'changed'; endedSessions: number }
  /** They were so before. A disabled user's sessions that were left are ended all the same. */
  | { kind: 'unchanged'; endedSessions: number }
  | { kind: 'unknown_user' };

/** Lets somebody sign in, or not. */
export type ChangeUserState = (change: {
  userId: string;
  /** Who asked for it, for the audit trail. Default: an operator. */
  client?: Asker | undefined;
}) => Promise<ChangeUserStateOutcome>;

export interface ChangeUserStateNeeds {
  states: UserStateRepository;
  revocations: RevocationList;
  clock: Clock;
  random: Random;
}

/**
 * Keeps a user from signing in and ends all of their sessions; this process refuses their tokens at once, others within
 * two seconds. Nothing of theirs is deleted.
 */
export function createDisableUser(needs: ChangeUserStateNeeds): ChangeUserState {
  return changing({ ...needs, kind: 'USER_DISABLED', change: needs.states.disable });
}

/** Lets a disabled user sign in again; sessions that have ended stay ended. */
export function createEnableUser(needs: ChangeUserStateNeeds): ChangeUserState {
  return changing({ ...needs, kind: 'USER_ENABLED', change: needs.states.enable });
}

function changing(
  needs: ChangeUserStateNeeds & {
    kind: 'USER_DISABLED' | 'USER_ENABLED';
    change: (change: StateChange) => Promise<ChangedState | null>;
  },
): ChangeUserState {
  const { kind, change, revocations, clock, random } = needs;
  return async ({ userId, client = OPERATOR }) => {
    if (!isId(userId)) return { kind: 'unknown_user' };
    const audit = { id: random.id(), at: clock.now(), kind, cause: null, client };
    const changed = await change({ userId, feedId: random.id(), audit });
    if (changed === null) return { kind: 'unknown_user' };
    const { authEpoch, endedSessions } = changed;
    if (authEpoch === null) return { kind: 'unchanged', endedSessions };
    revocations.noteAll([{ userId, sessionId: null, authEpoch }]);
    return { kind: 'changed', endedSessions };
  };
}
