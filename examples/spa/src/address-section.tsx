import type { User } from '@gatehouse/client';
import { useState } from 'react';
import { account } from './account';
import { Banner } from './banner';
import { EmailField } from './email-field';
import { Form } from './form';
import { useAction } from './use-action';
import { useForm } from './use-form';

/** Verifies the user's address, or changes it by a link to the new one. */
export function AddressSection({ user }: { user: User }) {
  const [mailedTo, setMailedTo] = useState<string | null>(null);
  const form = useForm(['email'], async ({ email }) => {
    setMailedTo(null);
    await account.requestEmailChange(email);
    setMailedTo(email);
    return null;
  });
  const { isBusy, outcome, act } = useAction();
  const verify = () =>
    act(async () => {
      await account.requestEmailVerification();
      return `A link to verify ${user.email} is on its way.`;
    });
  return (
    <section className="card section" aria-labelledby="address">
      <h2 id="address">E-mail address</h2>
      <p className="lead">
        <strong>{user.email}</strong> {user.emailVerified ? 'is verified.' : 'is not verified yet.'}
      </p>
      {!user.emailVerified && (
        <button type="button" aria-disabled={isBusy} onClick={verify}>
          Send verification link
        </button>
      )}
      {outcome?.kind === 'failed' && <Banner lines={[outcome.text]} onRetry={outcome.retry} />}
      <p className="outcome" role="status">
        {outcome?.kind === 'done' && outcome.text}
      </p>
      <Form of={form} submit="Change address" busy="Sending the link…">
        <EmailField label="New e-mail address" autoComplete="email" faults={form.faultsAt('email')} />
      </Form>
      <p className="outcome" role="status">
        {mailedTo && `A link is on its way to ${mailedTo}. Your address changes once you have opened it.`}
      </p>
    </section>
  );
}
