import { OPERATOR } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Random } from '../platform/random.js';
import { parseEmailAddress } from '../user/email-address.js';
import type { CheckNewPassword } from '../user/password/check-new-password.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { PasswordWeakness } from '../user/password/password-policy.js';
import type { UserStateRepository } from './user-state.repository.js';

export type CreateUserOutcome =
  | { kind: 'created'; userId: string; email: string }
  | { kind: 'email_taken' }
  | { kind: 'weak_password'; reasons: PasswordWeakness[] }
  | { kind: 'malformed'; argument: 'email' | 'password' };

/** Makes an account whose address is not proved yet. Without a password (null), its owner sets one by a reset. */
export type CreateUser = (account: { email: string; password: string | null }) => Promise<CreateUserOutcome>;

/** Held to the same rules for addresses and passwords as a registration, whatever REGISTRATION says. */
export function createCreateUser(needs: {
  states: UserStateRepository;
  checkNewPassword: CheckNewPassword;
  hasher: Pick<PasswordHasher, 'hash'>;
  clock: Clock;
  random: Random;
}): CreateUser {
  const { states, checkNewPassword, hasher, clock, random } = needs;
  return async ({ email: given, password }) => {
    const parsed = parseEmailAddress(given);
    if (parsed.kind === 'malformed') return { kind: 'malformed', argument: 'email' };
    const email = parsed.address;
    let passwordHash: string | null = null;
    if (password !== null) {
      const checked = await checkNewPassword({ password, email, userId: null, client: OPERATOR });
      if (checked.kind === 'malformed') return { kind: 'malformed', argument: 'password' };
      if (checked.kind === 'weak') return { kind: 'weak_password', reasons: checked.reasons };
      passwordHash = await hasher.hash(checked.normalized);
    }
    const userId = random.id();
    const audit = { id: random.id(), at: clock.now(), kind: 'USER_CREATED' as const, cause: null, client: OPERATOR };
    const isCreated = await states.create({ userId, email, passwordHash, audit });
    return isCreated ? { kind: 'created', userId, email } : { kind: 'email_taken' };
  };
}
