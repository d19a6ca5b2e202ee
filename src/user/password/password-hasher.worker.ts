import { systemClock } from '../../platform/clock.js';
import { comparePassword, hashPassword, makeUpForCost } from './bcrypt-sha256.js';

export interface HashTask {
  password: string;
  cost: number;
  salt: Uint8Array;
}

export interface VerifyTask {
  password: string;
  passwordHash: string | null;
  dummyHash: string;
  /** What a comparison is to cost at least. */
  cost: number;
}

interface Work {
  /** How many answers' worth of bcrypt was run; a comparison that was made up for counts once. */
  hashings: number;
  /** How long the thread took. */
  ranMs: number;
}
export type HashAnswer = Work & { passwordHash: string };
export type VerifyAnswer = Work & { isMatch: boolean };

/** In a worker: hashes a password. */
export function hash(task: HashTask): HashAnswer {
  return timed(() => ({ passwordHash: hashPassword(task), hashings: 1 }));
}

/** In a worker: compares a password in one hashing, whether or not there is a hash that it could belong to. */
export function verify(task: VerifyTask): VerifyAnswer {
  return timed(() => compare(task));
}

function timed<Answer>(work: () => Answer): Answer & { ranMs: number } {
  const beganMs = systemClock.monotonicMs();
  const answer = work();
  return { ...answer, ranMs: systemClock.monotonicMs() - beganMs };
}

function compare({ password, passwordHash, dummyHash, cost }: VerifyTask): Omit<VerifyAnswer, 'ranMs'> {
  const comparison = passwordHash === null ? 'not_comparable' : comparePassword({ password, passwordHash });
  if (comparison !== 'not_comparable' && passwordHash !== null) {
    makeUpForCost({ passwordHash, cost });
    return { isMatch: comparison === 'matches', hashings: 1 };
  }
  // The same work for an account that doesn't exist: the time of the answer tells nothing.
  const dummyComparison = comparePassword({ password, passwordHash: dummyHash });
  return { isMatch: false, hashings: dummyComparison === 'not_comparable' ? 0 : 1 };
}
