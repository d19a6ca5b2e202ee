import type { ClientFacts } from '../../platform/audit/audit.js';
import { addSeconds, type Clock } from '../../platform/clock.js';
import type { Limits } from '../../platform/limits/limits.js';
import { networkOf } from '../../platform/limits/network.js';
import type { MailWake } from '../../platform/mail/mail-wake.js';
import type { Random } from '../../platform/random.js';
import { RateLimited } from '../../platform/rate-limited.js';
import { parseEmailAddress } from '../../user/email-address.js';
import type { CheckNewPassword } from '../../user/password/check-new-password.js';
import type { PasswordHasher } from '../../user/password/password-hasher.js';
import type { Register } from '../register.js';
import type { RegistrationRepository } from './registration.repository.js';

/** How long a registration waits for its link. */
const PENDING_SECONDS = 86_400;

export interface BeginRegistrationNeeds {
  registrations: RegistrationRepository;
  hasher: PasswordHasher;
  checkNewPassword: CheckNewPassword;
  limits: Limits;
  mailWake: MailWake;
  clock: Clock;
  random: Random;
}

/**
 * Registers without an oracle: every address is answered the same, after the same hashing and the same statements. No
 * account is made, and no address taken, before the mailed link comes back with the password that was given here: of
 * several who register with one address, its owner alone can go on, with the password of their own.
 *
 * @throws {RateLimited} where too many were tried.
 */
export function createBeginRegistration(needs: BeginRegistrationNeeds): Register {
  const { registrations, hasher, checkNewPassword, clock, random } = needs;
  return async ({ email, password, language, client }) => {
    const parsed = parseEmailAddress(email);
    if (parsed.kind === 'malformed') return { kind: 'malformed', argument: 'email' };
    const checked = await checkNewPassword({ password, email: parsed.address, userId: null, client });
    if (checked.kind === 'malformed') return { kind: 'malformed', argument: 'password' };
    if (checked.kind === 'weak') return { kind: 'weak_password', reasons: checked.reasons };
    await take({ ...needs, address: parsed.address, client });
    const passwordHash = await hasher.hash(checked.normalized);
    const now = clock.now();
    await registrations.begin({
      userId: random.id(),
      email: parsed.address,
      passwordHash,
      language,
      now,
      expiresAt: addSeconds(now, PENDING_SECONDS),
      mail: { id: random.id(), kind: 'VERIFY_EMAIL', at: now, language },
      audit: { id: random.id(), at: now, kind: 'REGISTRATION_BEGUN', cause: null, client },
    });
    needs.mailWake.wake();
    return { kind: 'verification_required', email: parsed.address };
  };
}

async function take(needs: { limits: Limits; address: string; client: ClientFacts }): Promise<void> {
  const { limits, address, client } = needs;
  const network = networkOf(client.ipAddress);
  const taking = await limits.take({
    buckets: [
      { limit: 'REGISTER_NETWORK', key: network },
      { limit: 'MAIL_NETWORK', key: network },
      { limit: 'MAIL_ADDRESS', key: address },
    ],
    client,
  });
  if (taking.kind === 'limited') throw new RateLimited(taking.retryAfterSeconds);
}
