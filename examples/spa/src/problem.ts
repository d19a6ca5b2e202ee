import type { ResetPasswordResult } from '@gatehouse/client/account';
import { explain, faultOf } from './fault';

/** What keeps a form from being done, and where the form shows it: at a field, by its name, or above all. */
export interface Problem {
  readonly at: string;
  readonly lines: readonly string[];
  /** Whether the same again may succeed. */
  readonly canRetry?: true;
}

/** The password is too weak. */
type Weak = Extract<ResetPasswordResult, { __typename: 'WeakPassword' }>;

const weaknesses: Record<Weak['reasons'][number], string> = {
  TOO_SHORT: 'It is too short.',
  TOO_LONG: 'It is too long: 256 characters are the most.',
  COMMON: 'It is one of the commonly used passwords, or little more than one.',
  CONTAINS_EMAIL: 'It contains the first part of your e-mail address.',
  BREACHED: 'It has been found in a list of stolen passwords.',
};

/** All that is weak about a password, beside its field. */
export function weak({ reasons }: Weak, at = 'password'): Problem {
  return { at, lines: reasons.map((reason) => weaknesses[reason]) };
}

/** A field that was left empty; null: none was. */
export function empty(typed: Record<string, string>): Problem | null {
  const at = Object.keys(typed).find((name) => typed[name]?.trim() === '');
  if (at === undefined) return null;
  return { at, lines: [at === 'email' ? 'Enter an e-mail address.' : 'Enter a password.'] };
}

/** What a fault is to a form; `passwordAt` is the field of a password that may be malformed. */
export function problemOfFault(error: unknown, passwordAt = 'password'): Problem {
  const fault = faultOf(error);
  if (fault.code !== 'BAD_USER_INPUT') return { at: 'form', lines: [explain(fault)], canRetry: true };
  return fault.argument?.at(-1)?.toLowerCase().includes('password')
    ? { at: passwordAt, lines: ['It contains a character that cannot be typed, such as a line break.'] }
    : { at: 'email', lines: ['This is not an e-mail address. It looks like name@example.org.'] };
}
