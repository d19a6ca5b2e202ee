import type { Credentials } from '@gatehouse/client';
import { useEffect, useRef, useState } from 'react';
import { Banner } from './banner';
import { Field } from './field';
import { Layout } from './layout';
import { type Mode, type Problem, signIn } from './sign-in';
import { useScreen } from './use-screen';

const words = {
  login: { title: 'Sign in', busy: 'Signing in…', question: 'New here?', other: 'Create an account' },
  register: {
    title: 'Create account',
    busy: 'Creating your account…',
    question: 'Have an account?',
    other: 'Sign in instead',
  },
};
const NOTHING: readonly string[] = [];

/** Signs in or makes an account; `notice` says why somebody who was signed in no longer is. */
export function SignInScreen({ notice }: { notice: string | null }) {
  const [mode, setMode] = useState<Mode>('login');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isShown, setShown] = useState(false);
  const { title, busy, question, other } = words[mode];
  const heading = useScreen(title);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (problem !== null) form.current?.querySelector<HTMLElement>('[role="alert"], [aria-invalid="true"]')?.focus();
  }, [problem]);

  const submit = async (credentials: Credentials) => {
    if (isBusy) return;
    setProblem(null);
    // A browser may keep what was typed in the open.
    setShown(false);
    setBusy(true);
    setProblem(await signIn(mode, credentials));
    setBusy(false);
  };
  const change = () => {
    if (isBusy) return;
    setProblem(null);
    setShown(false);
    setMode(mode === 'login' ? 'register' : 'login');
  };
  const faultsAt = (at: Problem['at']) => (problem?.at === at ? problem.lines : NOTHING);

  return (
    <Layout>
      <div className="card narrow">
        <h1 ref={heading} tabIndex={-1} aria-describedby="notice">
          {title}
        </h1>
        <p id="notice" className="notice">
          {notice}
        </p>
        <form
          ref={form}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            const typed = new FormData(event.currentTarget);
            void submit({ email: String(typed.get('email')), password: String(typed.get('password')) });
          }}
        >
          {problem?.at === 'form' && (
            <Banner lines={problem.lines} onRetry={problem.canRetry && (() => form.current?.requestSubmit())} />
          )}
          <Field
            label="E-mail address"
            type="email"
            name="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            faults={faultsAt('email')}
          />
          <Field
            label="Password"
            type={isShown ? 'text' : 'password'}
            name="password"
            autoComplete={mode === 'login' ? 'current-password' : 'new-password'}
            autoCapitalize="none"
            spellCheck={false}
            required
            faults={faultsAt('password')}
            hint={mode === 'register' ? 'At least 15 characters. A few words in a row do well.' : undefined}
            aside={
              <button type="button" className="plain" onClick={() => setShown(!isShown)}>
                {isShown ? 'Hide' : 'Show'}
                <span className="unseen"> password</span>
              </button>
            }
          />
          <button type="submit" className="main" aria-disabled={isBusy}>
            {title}
          </button>
          <p className="unseen" role="status">
            {isBusy && busy}
          </p>
        </form>
        <p className="other">
          {question}{' '}
          <button type="button" className="plain" onClick={change}>
            {other}
          </button>
        </p>
      </div>
    </Layout>
  );
}
