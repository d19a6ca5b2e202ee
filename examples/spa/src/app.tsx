import { ApolloProvider } from '@apollo/client/react';
import type { User } from '@gatehouse/client';
import { useState, useSyncExternalStore } from 'react';
import { AccountScreen } from './account-screen';
import { createApollo } from './apollo';
import { auth } from './auth';
import { ForgottenScreen } from './forgotten-screen';
import { signedOutNotice } from './leaving';
import { openedLink } from './link';
import { LinkScreen } from './link-screen';
import { OpeningScreen } from './opening-screen';
import { PasswordDialog } from './password-dialog';
import { SessionsScreen } from './sessions-screen';
import { SignInScreen } from './sign-in-screen';

/** Shows the screen of the link that was opened, else the one for who is signed in. */
export function App() {
  return (
    <>
      <Screen />
      <PasswordDialog />
    </>
  );
}

function Screen() {
  const [aside, setAside] = useState(openedLink === null ? null : 'link');
  const state = useSyncExternalStore(auth.onAuthChange, () => auth.state);
  const end = () => setAside(null);
  const forget = () => setAside('forgotten');
  if (aside === 'forgotten') return <ForgottenScreen onBack={end} />;
  if (aside === 'link' && openedLink) return <LinkScreen link={openedLink} onEnd={end} onForgotten={forget} />;
  switch (state.status) {
    case 'unknown':
      return <OpeningScreen />;
    case 'signed_out':
      return <SignInScreen notice={signedOutNotice()} onForgotten={forget} />;
    case 'signed_in':
      return <SignedIn key={state.user.id} user={state.user} />;
  }
}

function SignedIn({ user }: { user: User }) {
  const [apollo] = useState(createApollo);
  const [at, setAt] = useState<'sessions' | 'account'>('sessions');
  return (
    <ApolloProvider client={apollo}>
      {at === 'sessions' ? (
        <SessionsScreen user={user} onGo={() => setAt('account')} />
      ) : (
        <AccountScreen user={user} onGo={() => setAt('sessions')} />
      )}
    </ApolloProvider>
  );
}
