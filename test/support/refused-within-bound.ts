import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import type { GraphqlClient } from './graphql-client.js';

/** What one gateway has ended, every other one refuses after so long. */
const BOUND_MS = 2_000;
const PAUSE_MS = 50;

/**
 * Asks until the token is refused for this reason; throws where a request that was sent after the bound is still let
 * in. Slow answers don't matter: what counts is when the request was sent.
 */
export async function refusedWithinBound(
  client: GraphqlClient,
  accessToken: string,
  reason = 'UNAUTHENTICATED SESSION_ENDED',
): Promise<void> {
  const endedAt = performance.now();
  for (;;) {
    const sentAt = performance.now();
    const { data, errors } = await client.me(accessToken);
    const refusal = errors === undefined ? null : `${errors[0]?.extensions.code} ${errors[0]?.extensions.reason}`;
    if (refusal === reason) return;
    if (refusal !== null) throw new Error(`refused as ${refusal}`);
    if (sentAt - endedAt > BOUND_MS) throw new Error(`let in after the bound: ${JSON.stringify(data)}`);
    await setTimeoutPromise(PAUSE_MS);
  }
}
