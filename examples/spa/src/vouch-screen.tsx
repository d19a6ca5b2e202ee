import type { ConfirmEmailChangeResult, VerifyEmailResult } from '@gatehouse/client/account';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { account } from './account';
import { auth } from './auth';
import { CardScreen } from './card-screen';
import { Form } from './form';
import type { Done, LinkScreenProps } from './link-screen';
import { PasswordField } from './password-field';
import type { Problem } from './problem';
import { useForm } from './use-form';

const words = {
  'verify-email': { title: 'Verify your address', submit: 'Verify address', busy: 'Verifying…' },
  'confirm-email-change': { title: 'Confirm your new address', submit: 'Confirm address', busy: 'Confirming…' },
};

/** A link that needs the password, too, or the account signed in: it could have been mailed to a stranger. */
export function VouchScreen(props: LinkScreenProps & { page: keyof typeof words }) {
  const { page, token, onDone, onForgotten } = props;
  const { title, submit, busy } = words[page];
  const state = useSyncExternalStore(auth.onAuthChange, () => auth.state);
  // Of another account, the session does not help.
  const [isRefused, setRefused] = useState(false);
  useEffect(() => {
    auth.getAccessToken().catch(() => setRefused(true));
  }, []);
  const needsPassword = isRefused || state.status === 'signed_out';

  const names = needsPassword ? (['password'] as const) : [];
  const form = useForm<'password'>(names, async ({ password }) => {
    const link = { token, password };
    const result = await (page === 'verify-email' ? account.verifyEmail(link) : account.confirmEmailChange(link));
    if (result.__typename === 'PasswordRequired') setRefused(true);
    return outcomeOf(result, onDone);
  });
  return (
    <CardScreen
      title={title}
      notice={needsPassword ? 'Enter the password of your account, to show that it is you.' : null}
    >
      <Form of={form} submit={submit} busy={busy}>
        {needsPassword && (
          <PasswordField label="Password" autoComplete="current-password" faults={form.faultsAt('password')} />
        )}
      </Form>
      {needsPassword && (
        <p className="other">
          <button type="button" className="plain" onClick={onForgotten}>
            Forgotten your password?
          </button>
        </p>
      )}
    </CardScreen>
  );
}

function outcomeOf(result: VerifyEmailResult | ConfirmEmailChangeResult, onDone: (done: Done) => void): Problem | null {
  switch (result.__typename) {
    case 'EmailVerified':
      onDone({ title: 'Address verified', text: `Mail to ${result.email} reaches you.` });
      return null;
    case 'EmailChanged':
      onDone({ title: 'Address changed', text: `From now on you sign in with ${result.email}.` });
      return null;
    case 'InvalidCredentials':
      return { at: 'password', lines: ['This is not the password of the account.'] };
    case 'PasswordRequired':
      return { at: 'form', lines: ['You are not signed in to the account of this link.'] };
    case 'LinkExpired':
      return { at: 'form', lines: ['This link was used, or is too old. Sign in and ask for a new one.'] };
    case 'EmailTaken':
      return { at: 'form', lines: ['Somebody has an account with this address by now.'] };
  }
}
