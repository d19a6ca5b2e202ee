import type { AuditTrail, ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Limits } from '../platform/limits/limits.js';
import type { Logger } from '../platform/logger.js';
import { eventDetails } from '../platform/mail/event-details.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { NewMail } from '../platform/mail/outbox.js';
import type { Random } from '../platform/random.js';
import { RateLimited } from '../platform/rate-limited.js';
import { parseEmailAddress } from '../user/email-address.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { Rehash } from '../user/password/rehash.js';
import type { UserRepository } from '../user/user.repository.js';
import { answerNewSession, prepareSession } from './begin-session.js';
import { checkCredential } from './check-credential.js';
import type { DeviceTokens } from './device/device-token.js';
import type { EndReplaced } from './end-replaced.js';
import { loginBuckets } from './login-buckets.js';
import type { TokenDelivery } from './refresh-session.repository.js';
import type { EndingRepository } from './revocation/ending.repository.js';
import type { AnswerSession, SessionAnswer, SessionLifetimes } from './session-answer.js';
import type { SignInRepository } from './sign-in.repository.js';

export type LoginOutcome =
  | { kind: 'logged_in'; answer: SessionAnswer; deviceToken: string }
  | { kind: 'invalid_credentials' }
  | { kind: 'malformed'; argument: 'email' };

export type Login = (input: {
  email: string;
  password: string;
  tokenDelivery: TokenDelivery;
  /** Refresh tokens whose sessions a success ends. */
  replacedTokens: readonly string[];
  /** What says that this device is a known one, genuine or not. */
  deviceTokens: readonly string[];
  client: ClientFacts;
}) => Promise<LoginOutcome>;

export interface LoginNeeds {
  users: UserRepository;
  signIns: SignInRepository;
  endings: EndingRepository;
  endReplaced: EndReplaced;
  hasher: PasswordHasher;
  limits: Limits;
  deviceTokens: DeviceTokens;
  rehash: Rehash;
  audit: AuditTrail;
  mailWake: MailWake;
  answerSession: AnswerSession;
  sessionsPerUserMax: number;
  lifetimes: SessionLifetimes;
  clock: Clock;
  random: Random;
  log: Logger;
}

/**
 * Begins a session for an e-mail address and its password; whatever is wrong, the answer and the work are the same.
 *
 * @throws {RateLimited} before anything is hashed, whether or not anybody has the address.
 */
export function createLogin(needs: LoginNeeds): Login {
  const { users, signIns, audit, answerSession, lifetimes, clock, random } = needs;
  return async ({ email, password, tokenDelivery, replacedTokens, deviceTokens: presented, client }) => {
    const parsed = parseEmailAddress(email);
    if (parsed.kind === 'malformed') return { kind: 'malformed', argument: 'email' };
    const credential = await users.findCredential(parsed.address);
    const device = credential && needs.deviceTokens.known({ presented, ...credential });
    const buckets = loginBuckets({ address: parsed.address, device, ipAddress: client.ipAddress });
    const taking = await needs.limits.take({ buckets, client });
    if (taking.kind === 'limited') throw new RateLimited(taking.retryAfterSeconds);
    const refuse = async (cause: string): Promise<LoginOutcome> => {
      await audit.record({ kind: 'LOGIN_FAILED', cause, userId: credential?.userId ?? null, client });
      return { kind: 'invalid_credentials' };
    };

    const check = await checkCredential({ credential, password, hasher: needs.hasher, goesFirst: device !== null });
    if (check.kind === 'refused') return refuse(check.cause);
    const { userId, checked } = check;
    const session = prepareSession({ tokenDelivery, auditKind: 'LOGIN_SUCCEEDED', client, lifetimes, clock, random });
    const notice = device === null ? newDeviceNotice({ at: session.now, client, random }) : null;
    const user = await signIns.createSession({ userId, checked, session, notice });
    // The password was changed or the user disabled while it was being checked.
    if (user === null) return refuse('CREDENTIAL_CHANGED');
    if (notice !== null) needs.mailWake.wake();
    // First what this browser leaves behind: it must not cost another device its session.
    await needs.endReplaced({ refreshTokens: replacedTokens, client });
    await keepToLimit({ needs, userId, newestSessionId: session.id, client });
    await taking.giveBack();
    const { passwordVersion } = checked;
    const deviceToken = needs.deviceTokens.issue({ userId, passwordVersion, previous: presented });
    needs.rehash.offer({ userId, password, checked });
    return { kind: 'logged_in', answer: answerNewSession({ session, user, answerSession }), deviceToken };
  };
}

/** In the user's language: whoever signs in may not be them. */
function newDeviceNotice({ at, client, random }: { at: Date; client: ClientFacts; random: Random }): NewMail {
  return { id: random.id(), kind: 'NEW_DEVICE', at, language: null, details: eventDetails({ at, client }) };
}

/** The session has begun by then: where the limit can't be kept now, the next login keeps it. */
async function keepToLimit(step: {
  needs: LoginNeeds;
  userId: string;
  newestSessionId: string;
  client: ClientFacts;
}): Promise<void> {
  const { needs, ...newest } = step;
  try {
    await needs.endings.endBeyondLimit({ ...newest, limit: needs.sessionsPerUserMax });
  } catch (error) {
    const cause = error instanceof Error ? error.message : null;
    needs.log.warn({ event: 'session_limit_delayed', cause, requestId: newest.client.requestId });
  }
}
