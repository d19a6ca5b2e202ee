import type { Identity } from '../graphql/auth-state.js';
import type { ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Random } from '../platform/random.js';
import type { DeletionRepository } from './deletion.repository.js';

export type DeleteAccount = (input: { identity: Identity; client: ClientFacts }) => Promise<void>;

/** Deletes the viewer's account; their sessions are refused everywhere within the bound of the feed. */
export function createDeleteAccount(needs: {
  deletions: DeletionRepository;
  clock: Clock;
  random: Random;
}): DeleteAccount {
  const { deletions, clock, random } = needs;
  return async ({ identity: { userId }, client }) => {
    // Without the client: nothing that is kept of the user may tell where they were.
    const audit = { id: random.id(), at: clock.now(), kind: 'ACCOUNT_DELETED' as const, cause: null, client: null };
    await deletions.delete({ userId, audit, client });
  };
}
