import type { Clock } from '../platform/clock.js';
import type { Limits } from '../platform/limits/limits.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { Random } from '../platform/random.js';
import { parseEmailAddress } from '../user/email-address.js';
import type { Caller } from './caller.js';
import type { RequestRepository } from './request.repository.js';
import { takeMail } from './take-mail.js';

export type RequestPasswordReset = (input: {
  email: string;
  client: Caller;
}) => Promise<{ kind: 'requested' } | { kind: 'malformed' }>;

/**
 * Has a link for a new password mailed to an address, if somebody has it: that is found out when the mail is made, so that
 * the work here is the same for every address.
 *
 * @throws {RateLimited} where the address or the network has had too many mails.
 */
export function createRequestPasswordReset(needs: {
  requests: RequestRepository;
  limits: Limits;
  mailWake: MailWake;
  clock: Clock;
  random: Random;
}): RequestPasswordReset {
  const { requests, limits, mailWake, clock, random } = needs;
  return async ({ email, client }) => {
    const parsed = parseEmailAddress(email);
    if (parsed.kind === 'malformed') return { kind: 'malformed' };
    const { address } = parsed;
    await takeMail({ limits, address, client });
    const at = clock.now();
    await requests.requestReset({
      address,
      mail: { id: random.id(), kind: 'RESET_PASSWORD', at, language: client.mailLanguage },
      audit: { id: random.id(), at, kind: 'PASSWORD_RESET_REQUESTED', cause: null, client },
    });
    mailWake.wake();
    return { kind: 'requested' };
  };
}
