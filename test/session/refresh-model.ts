/**
 * The rules of refreshing as a pure model, written from their text alone: it shares nothing with the gateway, keeps
 * every generation's story instead of counters, and holds no token.
 */

export interface ModelRules {
  idleSeconds: number;
  absoluteSeconds: number;
  graceSeconds: number;
  lostAnswerSeconds: number;
}

interface Generation {
  beganAt: number;
  wasSeen: boolean;
  wasAnsweredLate: boolean;
}

export interface ModelSession {
  generations: Generation[];
  endsAt: number;
  absoluteEnd: number;
  endCause: string | null;
}

/** Times are in seconds. */
export function beginModelSession(now: number, rules: ModelRules): ModelSession {
  const absoluteEnd = now + rules.absoluteSeconds;
  return {
    generations: [{ beganAt: now, wasSeen: false, wasAnsweredLate: false }],
    endsAt: Math.min(now + rules.idleSeconds, absoluteEnd),
    absoluteEnd,
    endCause: null,
  };
}

export function currentGeneration(session: ModelSession): number {
  return session.generations.length - 1;
}

const LATE_IN_A_ROW_MAX = 5;

/** Presents the refresh token of a generation; answers the generation that is handed out, or null where refused. */
export function presentToModel(needs: {
  session: ModelSession;
  generation: number;
  now: number;
  rules: ModelRules;
}): number | null {
  const { session, generation, now, rules } = needs;
  if (session.endCause !== null || now >= session.endsAt) return null;
  const current = currentGeneration(session);
  if (generation === current) {
    session.generations.push({ beganAt: now, wasSeen: false, wasAnsweredLate: false });
    session.endsAt = Math.min(now + rules.idleSeconds, session.absoluteEnd);
    return current + 1;
  }
  const cause = generation === current - 1 ? predecessorFault({ session, now, rules }) : 'REUSE';
  if (cause === null) return current;
  session.endCause = cause;
  return null;
}

/** Why the predecessor is not answered; null: it is. Notes a late answer. */
function predecessorFault({
  session,
  now,
  rules,
}: {
  session: ModelSession;
  now: number;
  rules: ModelRules;
}): string | null {
  const successor = session.generations.at(-1);
  if (successor === undefined) throw new Error('a session has a generation');
  const elapsed = now < successor.beganAt ? 0 : now - successor.beganAt;
  if (elapsed <= rules.graceSeconds) return null;
  if (successor.wasSeen || lateInARow(session) >= LATE_IN_A_ROW_MAX) return 'REUSE';
  if (elapsed > rules.lostAnswerSeconds) return 'LOST_ANSWER_TOO_LATE';
  successor.wasAnsweredLate = true;
  return null;
}

/** Walks back from the generation before the current one. */
function lateInARow({ generations }: ModelSession): number {
  let index = generations.length - 2;
  let count = 0;
  while (generations[index]?.wasAnsweredLate === true) {
    count += 1;
    index -= 1;
  }
  return count;
}
