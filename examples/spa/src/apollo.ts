import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, RefetchEventManager } from '@apollo/client';
import { createAuthLink } from '@gatehouse/client/apollo';
import { fromEvent } from 'rxjs';
import { auth } from './auth';

/**
 * Makes an Apollo Client for one user. The next user gets one of their own: nothing that one has loaded, or is still
 * loading, is ever shown to the other.
 */
export function createApollo(): ApolloClient {
  return new ApolloClient({
    // Bearing an access token, these requests need no cookie.
    link: ApolloLink.from([createAuthLink(auth), new HttpLink({ uri: auth.url, credentials: 'omit' })]),
    cache: new InMemoryCache(),
    refetchEventManager: new RefetchEventManager({
      sources: { windowFocus: () => fromEvent(window, 'focus'), online: true },
    }),
  });
}
