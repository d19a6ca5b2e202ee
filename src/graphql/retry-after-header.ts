import type { BeginOperation, OperationHooks } from './operation-hooks.js';

/** Puts the longest wait that an answer's errors ask for into the header `Retry-After` (RFC 9110 10.2.3), in seconds. */
export function retryAfterHeader(): BeginOperation {
  const hooks: OperationHooks = {
    answered: ({ response: { http, body } }) => {
      const errors = body.singleResult?.errors;
      if (errors === undefined) return;
      const waits = errors
        .map(({ extensions }) => extensions?.['retryAfter'])
        .filter((wait) => typeof wait === 'number');
      if (waits.length > 0) http.headers.set('retry-after', String(Math.max(...waits)));
    },
  };
  return () => hooks;
}
