import { isCommonPassword } from './common-passwords.js';

export type PasswordWeakness = 'TOO_SHORT' | 'TOO_LONG' | 'COMMON' | 'CONTAINS_EMAIL' | 'BREACHED';

export type PasswordCheck =
  | { kind: 'acceptable'; normalized: string }
  | { kind: 'weak'; reasons: PasswordWeakness[] }
  | { kind: 'malformed' };

/** Longest password, in code points; long enough for any passphrase, short enough to be cheap to look at. */
const PASSWORD_LENGTH_MAX = 256;

/**
 * NFC joins at most four code points into one, and a code point has at most two code units: whatever is longer than this
 * stays too long, and is refused before it is normalised.
 */
const CODE_UNITS_MAX = PASSWORD_LENGTH_MAX * 8;

/** A local part shorter than this is found in too many good passwords. */
const LOCAL_PART_LENGTH_MIN = 4;

/** Control characters, the line and paragraph separators, lone surrogates: none can be typed, some end a string elsewhere. */
const UNTYPABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * Whether a new password may be taken, in the form to be hashed (NFC), or every reason why not. Lengths count code points
 * of that form; nothing is trimmed; no kind of character is asked for (NIST SP 800-63B 3.1.1.2).
 */
export function checkPassword({
  password,
  email,
  minLength,
}: {
  password: string;
  /** As `parseEmailAddress` gives it. */
  email: string;
  minLength: number;
}): PasswordCheck {
  if (password.length > CODE_UNITS_MAX) return { kind: 'weak', reasons: ['TOO_LONG'] };
  if (UNTYPABLE.test(password)) return { kind: 'malformed' };
  const normalized = password.normalize('NFC');
  const length = codePoints(normalized);
  if (length > PASSWORD_LENGTH_MAX) return { kind: 'weak', reasons: ['TOO_LONG'] };

  const reasons: PasswordWeakness[] = [];
  if (length < minLength) reasons.push('TOO_SHORT');
  if (isCommonPassword(normalized)) reasons.push('COMMON');
  if (containsLocalPart({ password: normalized, email })) reasons.push('CONTAINS_EMAIL');
  return reasons.length > 0 ? { kind: 'weak', reasons } : { kind: 'acceptable', normalized };
}

/** The form in which a password is hashed and compared (NFC); null for one that no account can have: hash nothing then. */
export function normalizePassword(password: string): string | null {
  if (password.length > CODE_UNITS_MAX || UNTYPABLE.test(password)) return null;
  const normalized = password.normalize('NFC');
  return codePoints(normalized) > PASSWORD_LENGTH_MAX ? null : normalized;
}

function codePoints(text: string): number {
  return [...text].length;
}

function containsLocalPart({ password, email }: { password: string; email: string }): boolean {
  const localPart = email.slice(0, email.indexOf('@')).toLowerCase();
  return localPart.length >= LOCAL_PART_LENGTH_MIN && password.toLowerCase().includes(localPart);
}
