import type { AuditTrail, ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Limits } from '../platform/limits/limits.js';
import { networkOf } from '../platform/limits/network.js';
import { RateLimited } from '../platform/rate-limited.js';
import { hashAccountToken, type LinkPurpose } from './account-token.js';
import type { AccountTokenRepository, LiveLink } from './account-token.repository.js';

/** A link that is good now, with the hash it is known by. */
export type FoundLink = LiveLink & { tokenHash: Buffer };

/**
 * null: no link of this purpose, or not good any more; the audit trail tells that somebody tried.
 *
 * @throws {RateLimited} where too many tokens of the network were refused: whoever sends junk fills no table.
 */
export type FindLink = (input: {
  token: string;
  purpose: LinkPurpose;
  client: ClientFacts;
}) => Promise<FoundLink | null>;

/** Looks a link up before anything is hashed for it; a text that is no token of ours costs one statement, too. */
export function createFindLink(needs: {
  tokens: AccountTokenRepository;
  limits: Limits;
  audit: AuditTrail;
  clock: Clock;
}): FindLink {
  const { tokens, limits, audit, clock } = needs;
  return async ({ token, purpose, client }) => {
    const tokenHash = hashAccountToken(token);
    const link = tokenHash === null ? null : await tokens.find({ tokenHash, purpose, now: clock.now() });
    if (tokenHash !== null && link !== null) return { ...link, tokenHash };
    const bucket = { limit: 'REFRESH_REFUSED_NETWORK' as const, key: networkOf(client.ipAddress) };
    const taking = await limits.take({ buckets: [bucket], client });
    if (taking.kind === 'limited') throw new RateLimited(taking.retryAfterSeconds);
    await audit.record({ kind: 'LINK_REFUSED', cause: purpose, userId: null, client });
    return null;
  };
}
