import { ApolloLink, CombinedGraphQLErrors, Observable, ServerError } from '@apollo/client';
import { answerIn } from './answer-in.js';
import { mayBeDoneBy } from './operation-effect.js';
import { type AnswerLike, createRemedies } from './remedies.js';
import type { AuthClient } from './types.js';

/**
 * Makes a link for Apollo Client 4 that sends the access token along, and where it is refused renews it and sends the
 * operation once more; so it does where the sign-in is not recent enough, once the client has the password. Where there
 * is no other token, the first answer is handed on; where the gateway can't say, the operation fails with an
 * `AuthClientError`. An operation whose context has an `authorization` header keeps it.
 *
 * The link does not know where the links after it send to: put it in front of those only that may see the token.
 */
export function createAuthLink(client: AuthClient): ApolloLink {
  // A link in front of this one may send an operation again, our header already in it.
  const ours = new WeakSet<ApolloLink.Operation>();
  return new ApolloLink((operation, forward) => {
    if (!ours.has(operation) && hasAuthorization(operation)) return forward(operation);
    ours.add(operation);
    return new Observable((observer) => {
      let stop = () => {};
      const fail = (error: unknown) => observer.error(error);
      const remedyFor = createRemedies(client, mayBeDoneBy(operation.query));
      const send = (accessToken: string | null) => {
        if (observer.closed) return;
        bear(operation, accessToken);
        const answer = holdable();
        const again = (other: string | null) => {
          if (other === null || other === accessToken) return answer.release();
          stop();
          send(other);
        };
        let isFirst = true;
        const look = (what: AnswerLike) => {
          const remedy = isFirst ? remedyFor(what, accessToken) : null;
          isFirst = false;
          if (remedy === null) return;
          answer.hold();
          remedy().then(again).catch(fail);
        };
        const subscription = forward(operation).subscribe({
          next: (result) => {
            look(result);
            answer.tell(() => observer.next(result));
          },
          error: (error) => {
            look(answerOf(error));
            answer.tell(() => observer.error(error));
          },
          complete: () => answer.tell(() => observer.complete()),
        });
        stop = () => subscription.unsubscribe();
      };
      client.getAccessToken().then(send).catch(fail);
      return () => stop();
    });
  });
}

/** Keeps what an answer brings back until it is clear whether it counts. */
function holdable() {
  let held: (() => void)[] | null = null;
  return {
    tell: (it: () => void) => void (held === null ? it() : held.push(it)),
    hold: () => {
      held = [];
    },
    release: () => {
      const all = held ?? [];
      held = null;
      for (const it of all) it();
    },
  };
}

function hasAuthorization(operation: ApolloLink.Operation): boolean {
  return Object.keys(operation.getContext().headers ?? {}).some((name) => name.toLowerCase() === 'authorization');
}

function bear(operation: ApolloLink.Operation, accessToken: string | null): void {
  const { authorization: _old, ...headers } = operation.getContext().headers ?? {};
  operation.setContext({
    headers: accessToken === null ? headers : { ...headers, authorization: `Bearer ${accessToken}` },
  });
}

function answerOf(error: unknown): AnswerLike {
  if (CombinedGraphQLErrors.is(error)) return error;
  return ServerError.is(error) ? answerIn(error.statusCode, error.bodyText) : {};
}
