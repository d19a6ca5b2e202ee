import type { Credentials, LoginResult, RegisterResult } from '@gatehouse/client';
import { auth } from './auth';
import { explain, faultOf } from './fault';

/** What the form does: sign in, or make an account first. */
export type Mode = 'login' | 'register';

/** What keeps somebody from signing in, and where the form shows it. */
export interface Problem {
  readonly at: 'email' | 'password' | 'form';
  readonly lines: readonly string[];
  /** Whether the same again may succeed. */
  readonly canRetry?: true;
}

type Weakness = Extract<RegisterResult, { __typename: 'WeakPassword' }>['reasons'][number];

const weaknesses: Record<Weakness, string> = {
  TOO_SHORT: 'It is too short.',
  TOO_LONG: 'It is too long: 256 characters are the most.',
  COMMON: 'It is one of the commonly used passwords, or little more than one.',
  CONTAINS_EMAIL: 'It contains the first part of your e-mail address.',
};

/** Signs in; answers what is in the way, null: nothing. */
export async function signIn(mode: Mode, credentials: Credentials): Promise<Problem | null> {
  if (credentials.email.trim() === '') return { at: 'email', lines: ['Enter your e-mail address.'] };
  if (credentials.password === '') return { at: 'password', lines: ['Enter a password.'] };
  try {
    return problemOf(await auth[mode](credentials));
  } catch (error) {
    return problemOfFault(error);
  }
}

function problemOf(result: LoginResult | RegisterResult): Problem | null {
  switch (result.__typename) {
    case 'AuthPayload':
      return null;
    case 'InvalidCredentials':
      return { at: 'form', lines: ['E-mail address and password do not match an account.'] };
    case 'EmailTaken':
      return { at: 'email', lines: ['There is an account with this address already.'] };
    case 'WeakPassword':
      return { at: 'password', lines: result.reasons.map((reason) => weaknesses[reason]) };
  }
}

function problemOfFault(error: unknown): Problem {
  const fault = faultOf(error);
  if (fault.code !== 'BAD_USER_INPUT') return { at: 'form', lines: [explain(fault)], canRetry: true };
  return fault.argument?.includes('password')
    ? { at: 'password', lines: ['It contains a character that cannot be typed, such as a line break.'] }
    : { at: 'email', lines: ['This is not an e-mail address. It looks like name@example.org.'] };
}
