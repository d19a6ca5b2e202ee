import { useState } from 'react';
import { account } from './account';
import { CardScreen } from './card-screen';
import { CheckMailScreen } from './check-mail-screen';
import { EmailField } from './email-field';
import { Form } from './form';
import { useForm } from './use-form';

/** Has a link mailed that replaces a forgotten password. */
export function ForgottenScreen({ onBack }: { onBack: () => void }) {
  const [mailedTo, setMailedTo] = useState<string | null>(null);
  const form = useForm(['email'], async ({ email }) => {
    await account.requestPasswordReset(email);
    setMailedTo(email);
    return null;
  });
  if (mailedTo !== null) {
    const text = `If there is an account with ${mailedTo}, a link to choose a new password is on its way. It is good for 10 minutes.`;
    return <CheckMailScreen text={text} onBack={onBack} />;
  }
  return (
    <CardScreen title="Forgotten password" notice="Choose a new one by a link that we mail to you.">
      <Form of={form} submit="Send link" busy="Sending the link…">
        <EmailField faults={form.faultsAt('email')} />
      </Form>
      <p className="other">
        <button type="button" className="plain" onClick={onBack}>
          Back
        </button>
      </p>
    </CardScreen>
  );
}
