import type { ResetPasswordResult } from '@gatehouse/client/account';
import { account } from './account';
import { CardScreen } from './card-screen';
import { Form } from './form';
import type { Done, LinkScreenProps } from './link-screen';
import { PasswordField } from './password-field';
import { type Problem, weak } from './problem';
import { useForm } from './use-form';

const words = {
  'reset-password': {
    title: 'Choose a new password',
    notice: 'All of your sessions end with the old one.',
    done: 'Password replaced',
  },
  'undo-email-change': {
    title: 'Take your address back',
    notice: 'All sessions of the account end. Choose a new password: whoever changed the address may know the old one.',
    done: 'Address restored',
  },
};

/** A link that replaces the password, and may give an address back. */
export function NewPasswordScreen(props: LinkScreenProps & { page: keyof typeof words }) {
  const { page, token, onDone, onForgotten } = props;
  const { title, notice, done } = words[page];
  const form = useForm(['password'], async ({ password }) => {
    const link = { token, password };
    const result = await (page === 'reset-password' ? account.resetPassword(link) : account.undoEmailChange(link));
    return outcomeOf(result, done, onDone);
  });
  return (
    <CardScreen title={title} notice={notice}>
      <Form of={form} submit="Save password" busy="Saving your password…">
        <PasswordField label="New password" autoComplete="new-password" faults={form.faultsAt('password')} />
      </Form>
      {page === 'reset-password' && (
        <p className="other">
          Is the link too old?{' '}
          <button type="button" className="plain" onClick={onForgotten}>
            Ask for a new one
          </button>
        </p>
      )}
    </CardScreen>
  );
}

function outcomeOf(result: ResetPasswordResult, title: string, onDone: (done: Done) => void): Problem | null {
  switch (result.__typename) {
    case 'PasswordReset':
      onDone({ title, text: `Sign in as ${result.email} with your new password.` });
      return null;
    case 'LinkExpired':
      return { at: 'form', lines: ['This link was used, or is too old.'] };
    case 'WeakPassword':
      return weak(result);
  }
}
