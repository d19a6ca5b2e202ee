import type { ClientFacts } from '../platform/audit/audit.js';
import type { Limits } from '../platform/limits/limits.js';
import { networkOf } from '../platform/limits/network.js';
import { RateLimited } from '../platform/rate-limited.js';

/**
 * Counts a mail to an address, whoever has it, before anything is done for it.
 *
 * @throws {RateLimited} where the address or the caller's network has had too many.
 */
export async function takeMail(needs: { limits: Limits; address: string; client: ClientFacts }): Promise<void> {
  const { limits, address, client } = needs;
  const taking = await limits.take({
    buckets: [
      { limit: 'MAIL_NETWORK', key: networkOf(client.ipAddress) },
      { limit: 'MAIL_ADDRESS', key: address },
    ],
    client,
  });
  if (taking.kind === 'limited') throw new RateLimited(taking.retryAfterSeconds);
}
