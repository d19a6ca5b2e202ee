import type { Identity } from '../graphql/auth-state.js';
import type { Clock } from '../platform/clock.js';
import type { Limits } from '../platform/limits/limits.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { Random } from '../platform/random.js';
import { parseEmailAddress } from '../user/email-address.js';
import type { Caller } from './caller.js';
import type { RequestRepository } from './request.repository.js';
import { takeMail } from './take-mail.js';

export type RequestEmailChange = (input: {
  identity: Identity;
  email: string;
  client: Caller;
}) => Promise<{ kind: 'requested' } | { kind: 'malformed' }>;

/**
 * Has a link mailed to the viewer's new address; whether that is taken is found out when the mail is made. Nothing is
 * mailed any more once the password changes: what a thief asked for must not come after it.
 *
 * @throws {RateLimited} where the address or the network has had too many mails.
 */
export function createRequestEmailChange(needs: {
  requests: RequestRepository;
  limits: Limits;
  mailWake: MailWake;
  clock: Clock;
  random: Random;
}): RequestEmailChange {
  const { requests, limits, mailWake, clock, random } = needs;
  return async ({ identity: { userId, sessionId }, email, client }) => {
    const parsed = parseEmailAddress(email);
    if (parsed.kind === 'malformed') return { kind: 'malformed' };
    const { address } = parsed;
    await takeMail({ limits, address, client });
    const passwordVersion = await requests.findPasswordVersion(userId);
    if (passwordVersion === null) return { kind: 'requested' };
    const at = clock.now();
    const details = { passwordVersion: String(passwordVersion) };
    await requests.requestChange({
      userId,
      sessionId,
      address,
      mail: { id: random.id(), kind: 'CONFIRM_EMAIL_CHANGE', at, language: client.mailLanguage, details },
      audit: { id: random.id(), at, kind: 'EMAIL_CHANGE_REQUESTED', cause: null, client },
    });
    mailWake.wake();
    return { kind: 'requested' };
  };
}
