import { ApolloProvider } from '@apollo/client/react';
import type { User } from '@gatehouse/client';
import { useState, useSyncExternalStore } from 'react';
import { createApollo } from './apollo';
import { auth } from './auth';
import { signedOutNotice } from './leaving';
import { OpeningScreen } from './opening-screen';
import { SessionsScreen } from './sessions-screen';
import { SignInScreen } from './sign-in-screen';

/** Shows the screen for who is signed in, whichever tab has changed that. */
export function App() {
  const state = useSyncExternalStore(auth.onAuthChange, () => auth.state);
  switch (state.status) {
    case 'unknown':
      return <OpeningScreen />;
    case 'signed_out':
      return <SignInScreen notice={signedOutNotice()} />;
    case 'signed_in':
      return <SignedIn key={state.user.id} user={state.user} />;
  }
}

function SignedIn({ user }: { user: User }) {
  const [apollo] = useState(createApollo);
  return (
    <ApolloProvider client={apollo}>
      <SessionsScreen user={user} />
    </ApolloProvider>
  );
}
