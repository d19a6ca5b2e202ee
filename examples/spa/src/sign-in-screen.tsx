import type { LoginResult, RegisterResult } from '@gatehouse/client';
import { useState } from 'react';
import { auth } from './auth';
import { CardScreen } from './card-screen';
import { CheckMailScreen } from './check-mail-screen';
import { EmailField } from './email-field';
import { Form } from './form';
import { PasswordField } from './password-field';
import { type Problem, weak } from './problem';
import { useForm } from './use-form';

const words = {
  login: { title: 'Sign in', busy: 'Signing in…', question: 'New here?', other: 'Create an account' },
  register: {
    title: 'Create account',
    busy: 'Creating your account…',
    question: 'Have an account?',
    other: 'Sign in instead',
  },
};

/** Signs in or makes an account; `notice` says why somebody who was signed in no longer is. */
export function SignInScreen({ notice, onForgotten }: { notice: string | null; onForgotten: () => void }) {
  const [mode, setMode] = useState<keyof typeof words>('login');
  const [mailedTo, setMailedTo] = useState<string | null>(null);
  const form = useForm(['email', 'password'], async (credentials) => {
    const result = await auth[mode](credentials);
    if (result.__typename !== 'VerificationRequired') return problemOf(result);
    setMailedTo(result.email);
    return null;
  });
  const { title, busy, question, other } = words[mode];
  const change = (next: keyof typeof words) => {
    if (form.isBusy) return;
    form.reset();
    setMailedTo(null);
    setMode(next);
  };
  if (mailedTo !== null) {
    const text = `A mail to ${mailedTo} is on its way. Its link makes your account, with the password that you chose.`;
    return <CheckMailScreen text={text} onBack={() => change('login')} />;
  }
  return (
    <CardScreen title={title} notice={notice}>
      <Form of={form} submit={title} busy={busy}>
        <EmailField faults={form.faultsAt('email')} />
        <PasswordField
          key={mode}
          label="Password"
          autoComplete={mode === 'login' ? 'current-password' : 'new-password'}
          faults={form.faultsAt('password')}
        />
      </Form>
      {mode === 'login' && (
        <p className="other">
          <button type="button" className="plain" onClick={onForgotten}>
            Forgotten your password?
          </button>
        </p>
      )}
      <p className="other">
        {question}{' '}
        <button type="button" className="plain" onClick={() => change(mode === 'login' ? 'register' : 'login')}>
          {other}
        </button>
      </p>
    </CardScreen>
  );
}

function problemOf(
  result: LoginResult | Exclude<RegisterResult, { __typename: 'VerificationRequired' }>,
): Problem | null {
  switch (result.__typename) {
    case 'AuthPayload':
      return null;
    case 'InvalidCredentials':
      return { at: 'form', lines: ['E-mail address and password do not match an account.'] };
    case 'EmailTaken':
      return { at: 'email', lines: ['There is an account with this address already.'] };
    case 'WeakPassword':
      return weak(result);
  }
}
