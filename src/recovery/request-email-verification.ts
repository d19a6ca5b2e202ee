import type { Identity } from '../graphql/auth-state.js';
import type { Clock } from '../platform/clock.js';
import type { Limits } from '../platform/limits/limits.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { Random } from '../platform/random.js';
import type { UserRepository } from '../user/user.repository.js';
import type { Caller } from './caller.js';
import type { RequestRepository } from './request.repository.js';
import { takeMail } from './take-mail.js';

export type RequestEmailVerification = (input: { identity: Identity; client: Caller }) => Promise<void>;

/**
 * Has a link mailed that verifies the viewer's address, unless it is verified.
 *
 * @throws {RateLimited} where the address or the network has had too many mails.
 */
export function createRequestEmailVerification(needs: {
  users: UserRepository;
  requests: RequestRepository;
  limits: Limits;
  mailWake: MailWake;
  clock: Clock;
  random: Random;
}): RequestEmailVerification {
  const { users, requests, limits, mailWake, clock, random } = needs;
  return async ({ identity: { userId, sessionId }, client }) => {
    const [profile] = await users.findProfiles([userId]);
    if (profile === undefined || profile.emailVerified) return;
    await takeMail({ limits, address: profile.email, client });
    const at = clock.now();
    await requests.requestVerification({
      userId,
      sessionId,
      mail: { id: random.id(), kind: 'VERIFY_EMAIL', at, language: client.mailLanguage },
      audit: { id: random.id(), at, kind: 'EMAIL_VERIFICATION_REQUESTED', cause: null, client },
    });
    mailWake.wake();
  };
}
