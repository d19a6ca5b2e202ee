import { useState } from 'react';
import { account } from './account';
import { Form } from './form';
import { PasswordField } from './password-field';
import { weak } from './problem';
import { useForm } from './use-form';

/** Changes the user's password. */
export function PasswordSection() {
  const [ended, setEnded] = useState<number | null>(null);
  const form = useForm(['currentPassword', 'newPassword'], async (passwords) => {
    setEnded(null);
    const result = await account.changePassword(passwords);
    switch (result.__typename) {
      case 'PasswordChanged':
        setEnded(result.endedSessions);
        return null;
      case 'InvalidCredentials':
        return { at: 'currentPassword', lines: ['This is not your password.'] };
      case 'WeakPassword':
        return weak(result, 'newPassword');
    }
  });
  return (
    <section className="card section" aria-labelledby="password">
      <h2 id="password">Password</h2>
      <Form of={form} submit="Change password" busy="Changing your password…">
        <PasswordField
          label="Current password"
          name="currentPassword"
          autoComplete="current-password"
          faults={form.faultsAt('currentPassword')}
        />
        <PasswordField
          label="New password"
          name="newPassword"
          autoComplete="new-password"
          faults={form.faultsAt('newPassword')}
        />
      </Form>
      <p className="outcome" role="status">
        {ended !== null &&
          `Your password is changed. ${ended === 1 ? '1 other session has' : `${ended} other sessions have`} ended.`}
      </p>
    </section>
  );
}
