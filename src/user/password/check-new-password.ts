import type { Asker, AuditTrail } from '../../platform/audit/audit.js';
import type { BreachedPasswords } from './breached-passwords.js';
import { checkPassword, type PasswordCheck } from './password-policy.js';

/** Whether a password may become somebody's, in the form to be hashed, or why not. */
export type CheckNewPassword = (input: {
  password: string;
  /** As `parseEmailAddress` gives it. */
  email: string;
  /** Whose it is to be; null: nobody's yet. */
  userId: string | null;
  client: Asker;
}) => Promise<PasswordCheck>;

/**
 * The rules for every new password: those of `checkPassword`, and the list of breached ones where there is one. A list that
 * does not answer in time holds nobody up; the audit trail then tells that nobody looked.
 */
export function createCheckNewPassword(needs: {
  minLength: number;
  /** null: none is asked. */
  breachedPasswords: BreachedPasswords | null;
  audit: AuditTrail;
}): CheckNewPassword {
  const { minLength, breachedPasswords, audit } = needs;
  return async ({ password, email, userId, client }) => {
    const checked = checkPassword({ password, email, minLength });
    if (checked.kind !== 'acceptable' || breachedPasswords === null) return checked;
    const look = await breachedPasswords.look(checked.normalized);
    if (look.kind === 'listed') return { kind: 'weak', reasons: ['BREACHED'] };
    if (look.kind === 'unknown') {
      await audit.record({ kind: 'BREACHED_PASSWORDS_UNREACHABLE', cause: look.cause, userId, client });
    }
    return checked;
  };
}
