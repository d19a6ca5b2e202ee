/** What of a session a verdict on a refresh token depends on. */
export interface SessionState {
  generation: number;
  confirmedGeneration: number;
  lateAnsweredGeneration: number;
  lateAnswersInRow: number;
  rotatedAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
  isUserDisabled: boolean;
}

export interface RotationRules {
  graceSeconds: number;
  lostAnswerSeconds: number;
}

/** Why a refresh is refused without changing anything. The caller never learns which. */
export type RefusalCause = 'SESSION_REVOKED' | 'SESSION_EXPIRED' | 'USER_DISABLED';

/** Why a refused refresh ends its session. */
export type RefreshEndCause = 'REUSE' | 'LOST_ANSWER_TOO_LATE';

/** What is to be done with a genuine refresh token. */
export type Verdict =
  | { kind: 'refuse'; cause: RefusalCause }
  /** The current token: advance. */
  | { kind: 'rotate' }
  /** The one before, just spent: give the current one again, change nothing. */
  | { kind: 'answer_again' }
  /** The one before, its answer lost: give the current one again; where `inRow` is a number, count it first. */
  | { kind: 'answer_late'; inRow: number | null }
  /** It was overtaken on its way through the gateway, by rotations that came after it: to be asked again. */
  | { kind: 'ask_again' }
  /** RFC 9700 4.14.2: a reused refresh token ends its session. */
  | { kind: 'end'; cause: RefreshEndCause }
  /** A token newer than the row: the database lost an acknowledged rotation. */
  | { kind: 'catch_up' };

/** So many generations in a row may be answered late; a thief and an owner who take turns are found after that. */
const LATE_ANSWERS_IN_ROW_MAX = 5;

/**
 * Judges a genuine refresh token of `presented` generation that arrived at `arrivedAt`; the rules stand in
 * docs/rotation.md.
 */
export function judge(needs: {
  presented: number;
  session: SessionState;
  rules: RotationRules;
  arrivedAt: Date;
  now: Date;
}): Verdict {
  const { presented, session, now } = needs;
  if (session.revokedAt !== null) return { kind: 'refuse', cause: 'SESSION_REVOKED' };
  if (now >= session.expiresAt) return { kind: 'refuse', cause: 'SESSION_EXPIRED' };
  if (session.isUserDisabled) return { kind: 'refuse', cause: 'USER_DISABLED' };
  const behind = session.generation - presented;
  if (behind < 0) return { kind: 'catch_up' };
  if (behind === 0) return { kind: 'rotate' };
  if (behind === 1) return judgePredecessor(needs);
  return wasOvertaken(needs) ? { kind: 'ask_again' } : { kind: 'end', cause: 'REUSE' };
}

/**
 * Whether the latest rotation was made while the token waited here, for a slow database say: when it came it may have
 * been current. Its owner has long asked elsewhere and gone on; whoever else sent it is given nothing, and found when
 * asking again. A rotation that seems to lie ahead tells of clocks alone.
 */
function wasOvertaken({ session, arrivedAt, now }: { session: SessionState; arrivedAt: Date; now: Date }): boolean {
  return arrivedAt < session.rotatedAt && session.rotatedAt <= now;
}

function judgePredecessor({
  session,
  rules,
  arrivedAt,
}: {
  session: SessionState;
  rules: RotationRules;
  arrivedAt: Date;
}): Verdict {
  // The clocks of two machines may differ, and a rotation may overtake: less than no time counts as none.
  const elapsedSeconds = Math.max(0, arrivedAt.getTime() - session.rotatedAt.getTime()) / 1000;
  if (elapsedSeconds <= rules.graceSeconds) return { kind: 'answer_again' };
  if (session.confirmedGeneration >= session.generation) return { kind: 'end', cause: 'REUSE' };
  if (lateAnswersBefore(session) >= LATE_ANSWERS_IN_ROW_MAX) return { kind: 'end', cause: 'REUSE' };
  if (elapsedSeconds > rules.lostAnswerSeconds) return { kind: 'end', cause: 'LOST_ANSWER_TOO_LATE' };
  // Answered late already, by a caller who raced this one or whose answer was lost again: it counts once.
  const isCounted = session.lateAnsweredGeneration === session.generation;
  return { kind: 'answer_late', inRow: isCounted ? null : lateAnswersBefore(session) + 1 };
}

/** How many generations in a row before the current one were answered late; one that was not sets the count back. */
function lateAnswersBefore({ generation, lateAnsweredGeneration, lateAnswersInRow }: SessionState): number {
  if (lateAnsweredGeneration === generation) return lateAnswersInRow - 1;
  return lateAnsweredGeneration === generation - 1 ? lateAnswersInRow : 0;
}
