import type { Logger } from '../../platform/logger.js';
import type { UserRepository } from '../user.repository.js';
import type { CheckedPassword } from './checked-password.js';
import type { PasswordHasher } from './password-hasher.js';
import { normalizePassword } from './password-policy.js';

/** Replaces hashes that are not of our own making and cost, once a login has shown the password. */
export interface Rehash {
  /** Answers at once; does nothing where the hash is as it should be. */
  offer(needs: { userId: string; password: string; checked: CheckedPassword }): void;
  /** Waits for the one that is under way, and drops the rest: the next login offers it again. */
  stop(): Promise<void>;
}

/** Each holds a password in memory. */
const WAITING_MAX = 100;

/**
 * One after the other, after the answer: whoever signs in waits for none of it. The new hash takes the place of the one
 * that was checked and of no other, so that a password that was changed meanwhile stays changed.
 */
export function createRehash(needs: { users: UserRepository; hasher: PasswordHasher; log: Logger }): Rehash {
  const { users, hasher, log } = needs;
  let waiting = 0;
  let isStopped = false;
  let last: Promise<void> = Promise.resolve();
  const replace = async (userId: string, normalized: string, from: string) => {
    try {
      if (isStopped) return;
      const isReplaced = await users.replacePasswordHash({ userId, from, to: await hasher.hash(normalized) });
      log.info({ event: 'password_rehashed', userId, isReplaced });
    } catch (error) {
      log.warn({ event: 'password_not_rehashed', userId, cause: error instanceof Error ? error.message : null });
    } finally {
      waiting -= 1;
    }
  };
  return {
    offer: ({ userId, password, checked }) => {
      const normalized = normalizePassword(password);
      if (!checked.mayBeRehashed || normalized === null || isStopped || waiting >= WAITING_MAX) return;
      waiting += 1;
      last = last.then(() => replace(userId, normalized, checked.passwordHash));
    },
    stop: async () => {
      isStopped = true;
      await last;
    },
  };
}
