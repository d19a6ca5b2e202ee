import type { AuditTrail, ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Language } from '../platform/language.js';
import type { Limits } from '../platform/limits/limits.js';
import { networkOf } from '../platform/limits/network.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { Random } from '../platform/random.js';
import { RateLimited } from '../platform/rate-limited.js';
import { parseEmailAddress } from '../user/email-address.js';
import type { CheckNewPassword } from '../user/password/check-new-password.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { PasswordWeakness } from '../user/password/password-policy.js';
import { answerNewSession, prepareSession } from './begin-session.js';
import type { DeviceTokens } from './device/device-token.js';
import type { EndReplaced } from './end-replaced.js';
import type { TokenDelivery } from './refresh-session.repository.js';
import type { AnswerSession, SessionAnswer, SessionLifetimes } from './session-answer.js';
import type { SignInRepository } from './sign-in.repository.js';

export type RegisterOutcome =
  | { kind: 'registered'; answer: SessionAnswer; deviceToken: string }
  | { kind: 'email_taken' }
  | { kind: 'verification_required'; email: string }
  | { kind: 'closed' }
  | { kind: 'weak_password'; reasons: PasswordWeakness[] }
  | { kind: 'malformed'; argument: 'email' | 'password' };

export type Register = (input: {
  email: string;
  password: string;
  tokenDelivery: TokenDelivery;
  /** Refresh tokens whose sessions a success ends. */
  replacedTokens: readonly string[];
  /** In which mails to the new user are written; null: not told. */
  language: Language | null;
  client: ClientFacts;
}) => Promise<RegisterOutcome>;

export interface RegisterNeeds {
  signIns: SignInRepository;
  endReplaced: EndReplaced;
  hasher: PasswordHasher;
  limits: Limits;
  deviceTokens: DeviceTokens;
  mailWake: MailWake;
  audit: AuditTrail;
  answerSession: AnswerSession;
  checkNewPassword: CheckNewPassword;
  lifetimes: SessionLifetimes;
  clock: Clock;
  random: Random;
}

/** What every new password of theirs is counted from, in `users.password_version`. */
const FIRST_PASSWORD_VERSION = 1;

/**
 * Makes an account with a password and signs it in; of several at once for one address, one succeeds.
 *
 * @throws {RateLimited} before anything is hashed. What succeeds counts as well: the limit is on accounts, too.
 */
export function createRegister(needs: RegisterNeeds): Register {
  const { signIns, hasher, audit, answerSession, checkNewPassword, lifetimes, clock, random } = needs;
  return async ({ email, password, tokenDelivery, replacedTokens, language, client }) => {
    const parsed = parseEmailAddress(email);
    if (parsed.kind === 'malformed') return { kind: 'malformed', argument: 'email' };
    const checked = await checkNewPassword({ password, email: parsed.address, userId: null, client });
    if (checked.kind === 'malformed') return { kind: 'malformed', argument: 'password' };
    if (checked.kind === 'weak') return { kind: 'weak_password', reasons: checked.reasons };
    const bucket = { limit: 'REGISTER_NETWORK' as const, key: networkOf(client.ipAddress) };
    const taking = await needs.limits.take({ buckets: [bucket], client });
    if (taking.kind === 'limited') throw new RateLimited(taking.retryAfterSeconds);
    const passwordHash = await hasher.hash(checked.normalized);
    const session = prepareSession({ tokenDelivery, auditKind: 'REGISTERED', client, lifetimes, clock, random });
    const userId = random.id();
    const user = await signIns.createUserWithSession({
      userId,
      email: parsed.address,
      passwordHash,
      language,
      session,
      mail: { id: random.id(), kind: 'VERIFY_EMAIL', at: session.now, language },
    });
    if (user === null) {
      await audit.record({ kind: 'REGISTRATION_REFUSED', cause: 'EMAIL_TAKEN', userId: null, client });
      return { kind: 'email_taken' };
    }
    needs.mailWake.wake();
    await needs.endReplaced({ refreshTokens: replacedTokens, client });
    const deviceToken = needs.deviceTokens.issue({ userId, passwordVersion: FIRST_PASSWORD_VERSION });
    return { kind: 'registered', answer: answerNewSession({ session, user, answerSession }), deviceToken };
  };
}
