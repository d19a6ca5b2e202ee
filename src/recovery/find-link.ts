import type { AuditTrail, ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import { hashAccountToken, type LinkPurpose } from './account-token.js';
import type { AccountTokenRepository, LiveLink } from './account-token.repository.js';

/** A link that is good now, with the hash it is known by. */
export type FoundLink = LiveLink & { tokenHash: Buffer };

/** null: no link of this purpose, or not good any more; the audit trail tells that somebody tried. */
export type FindLink = (input: {
  token: string;
  purpose: LinkPurpose;
  client: ClientFacts;
}) => Promise<FoundLink | null>;

/** Looks a link up before anything is hashed for it; a text that is no token of ours costs one statement, too. */
export function createFindLink(needs: { tokens: AccountTokenRepository; audit: AuditTrail; clock: Clock }): FindLink {
  const { tokens, audit, clock } = needs;
  return async ({ token, purpose, client }) => {
    const tokenHash = hashAccountToken(token);
    const link = tokenHash === null ? null : await tokens.find({ tokenHash, purpose, now: clock.now() });
    if (tokenHash !== null && link !== null) return { ...link, tokenHash };
    await audit.record({ kind: 'LINK_REFUSED', cause: purpose, userId: null, client });
    return null;
  };
}
