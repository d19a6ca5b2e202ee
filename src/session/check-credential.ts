import type { CheckedPassword } from '../user/password/checked-password.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import { normalizePassword } from '../user/password/password-policy.js';
import type { Credential } from '../user/user.repository.js';

/** Whether a password is the user's; `cause` is for the audit trail alone. */
export type CheckedCredential =
  | { kind: 'matches'; userId: string; checked: CheckedPassword }
  | { kind: 'refused'; cause: string };

/** Hashes exactly once for every password that an account could have, known or not, disabled or not. */
export async function checkCredential(needs: {
  credential: Credential | null;
  password: string;
  hasher: PasswordHasher;
  /** Before all whose try it is not known to be. */
  goesFirst?: boolean;
}): Promise<CheckedCredential> {
  const { credential, password, hasher, goesFirst = false } = needs;
  const normalized = normalizePassword(password);
  if (normalized === null) return { kind: 'refused', cause: 'PASSWORD_IMPOSSIBLE' };
  const passwordHash = credential?.passwordHash ?? null;
  const isMatch = await hasher.verify({ normalized, passwordHash, goesFirst });
  if (credential === null) return { kind: 'refused', cause: 'EMAIL_UNKNOWN' };
  if (passwordHash === null || !isMatch) return { kind: 'refused', cause: 'PASSWORD_WRONG' };
  if (credential.isDisabled) return { kind: 'refused', cause: 'USER_DISABLED' };
  const { userId, passwordVersion } = credential;
  const mayBeRehashed = !hasher.isOurs(passwordHash);
  return { kind: 'matches', userId, checked: { passwordHash, passwordVersion, mayBeRehashed } };
}
