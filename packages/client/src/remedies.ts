import { needsRenewal, type RefusalLike } from './needs-renewal.js';
import { staleAuthentication } from './stale-authentication.js';
import type { AuthClient } from './types.js';

/** As much of an answer as tells what was refused, and whether anything was done. */
export interface AnswerLike {
  readonly data?: unknown;
  readonly errors?: readonly RefusalLike[] | null | undefined;
}

/** Gets the access token to send an operation again with; null: there is no other. */
export type Remedy = () => Promise<string | null>;

/**
 * Makes the remedies of one operation, each good for one time: a token that is refused is renewed, a sign-in that is not
 * recent enough is made recent. Answers null where neither would help; or where the operation has done something
 * already, which would be done twice.
 */
export function createRemedies(client: AuthClient, mayBeDone: (answer: AnswerLike) => boolean = hasValue) {
  const left = new Set(['renew', 'freshen']);
  return (answer: AnswerLike, refused: string | null): Remedy | null => {
    if (needsRenewal(answer.errors) && left.delete('renew')) return () => client.renewAccessToken(refused);
    const maxAgeSeconds = staleAuthentication(answer.errors);
    if (maxAgeSeconds === null || mayBeDone(answer) || !left.delete('freshen')) return null;
    return () => client.freshenAuthentication(refused, maxAgeSeconds);
  };
}

/** Whether any of an answer's fields has a value. */
export function hasValue({ data }: AnswerLike): boolean {
  return typeof data === 'object' && data !== null && Object.values(data).some((value) => value !== null);
}
