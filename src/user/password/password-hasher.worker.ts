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

/** `hashings`: how many answers' worth of bcrypt was run; a comparison that was made up for counts once. */
export type HashAnswer = { passwordHash: string; hashings: number };
export type VerifyAnswer = { isMatch: boolean; hashings: number };

/** In a worker: hashes a password. */
export function hash(task: HashTask): HashAnswer {
  return { passwordHash: hashPassword(task), hashings: 1 };
}

/** In a worker: compares a password in one hashing, whether or not there is a hash that it could belong to. */
export function verify({ password, passwordHash, dummyHash, cost }: VerifyTask): VerifyAnswer {
  const comparison = passwordHash === null ? 'not_comparable' : comparePassword({ password, passwordHash });
  if (comparison !== 'not_comparable' && passwordHash !== null) {
    makeUpForCost({ passwordHash, cost });
    return { isMatch: comparison === 'matches', hashings: 1 };
  }
  // The same work for an account that doesn't exist: the time of the answer tells nothing.
  const dummyComparison = comparePassword({ password, passwordHash: dummyHash });
  return { isMatch: false, hashings: dummyComparison === 'not_comparable' ? 0 : 1 };
}
