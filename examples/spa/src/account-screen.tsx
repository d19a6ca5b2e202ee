import type { User } from '@gatehouse/client';
import { useRef } from 'react';
import { account } from './account';
import { AddressSection } from './address-section';
import { Banner } from './banner';
import { Confirm } from './confirm';
import { Layout } from './layout';
import { leave } from './leaving';
import { PasswordSection } from './password-section';
import { useAction } from './use-action';
import { useScreen } from './use-screen';

/** Changes what the user signs in with, or ends their account. */
export function AccountScreen({ user, onGo }: { user: User; onGo: () => void }) {
  const heading = useScreen('Your account');
  const dialog = useRef<HTMLDialogElement>(null);
  const { isBusy, outcome, act } = useAction();
  const deleteAll = () =>
    act(async () => {
      await leave(() => account.deleteAccount(), 'Your account is deleted.');
      return '';
    });
  const bar = (
    <div className="account">
      <p>{user.email}</p>
      <button type="button" onClick={onGo}>
        Sessions
      </button>
    </div>
  );
  return (
    <Layout account={bar}>
      <h1 ref={heading} tabIndex={-1}>
        Your account
      </h1>
      {outcome?.kind === 'failed' && <Banner lines={[outcome.text]} onRetry={outcome.retry} />}
      <AddressSection user={user} />
      <PasswordSection />
      <section className="card everywhere" aria-labelledby="deletion">
        <div>
          <h2 id="deletion">Delete your account</h2>
          <p>Nothing of it is left, and nobody can bring it back.</p>
        </div>
        <button type="button" className="danger" aria-disabled={isBusy} onClick={() => dialog.current?.showModal()}>
          Delete account
        </button>
      </section>
      <Confirm
        ref={dialog}
        title="Delete your account?"
        text={`The account of ${user.email} and all of its sessions end, for ever.`}
        yes="Delete account"
        onYes={deleteAll}
      />
    </Layout>
  );
}
