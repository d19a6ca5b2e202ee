import type { AuditTrail, ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Language } from '../platform/language.js';
import type { Random } from '../platform/random.js';
import { parseEmailAddress } from '../user/email-address.js';
import type { CheckNewPassword } from '../user/password/check-new-password.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { PasswordWeakness } from '../user/password/password-policy.js';
import { answerNewSession, prepareSession } from './begin-session.js';
import type { EndReplaced } from './end-replaced.js';
import type { TokenDelivery } from './refresh-session.repository.js';
import type { AnswerSession, SessionAnswer, SessionLifetimes } from './session-answer.js';
import type { SignInRepository } from './sign-in.repository.js';

export type RegisterOutcome =
  | { kind: 'registered'; answer: SessionAnswer }
  | { kind: 'email_taken' }
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
  audit: AuditTrail;
  answerSession: AnswerSession;
  checkNewPassword: CheckNewPassword;
  lifetimes: SessionLifetimes;
  clock: Clock;
  random: Random;
}

/** Makes an account with a password and signs it in; of several at once for one address, one succeeds. */
export function createRegister(needs: RegisterNeeds): Register {
  const { signIns, hasher, audit, answerSession, checkNewPassword, lifetimes, clock, random } = needs;
  return async ({ email, password, tokenDelivery, replacedTokens, language, client }) => {
    const parsed = parseEmailAddress(email);
    if (parsed.kind === 'malformed') return { kind: 'malformed', argument: 'email' };
    const checked = await checkNewPassword({ password, email: parsed.address, userId: null, client });
    if (checked.kind === 'malformed') return { kind: 'malformed', argument: 'password' };
    if (checked.kind === 'weak') return { kind: 'weak_password', reasons: checked.reasons };
    const passwordHash = await hasher.hash(checked.normalized);
    const session = prepareSession({ tokenDelivery, auditKind: 'REGISTERED', client, lifetimes, clock, random });
    const userId = random.id();
    const user = await signIns.createUserWithSession({
      userId,
      email: parsed.address,
      passwordHash,
      language,
      session,
    });
    if (user === null) {
      await audit.record({ kind: 'REGISTRATION_REFUSED', cause: 'EMAIL_TAKEN', userId: null, client });
      return { kind: 'email_taken' };
    }
    await needs.endReplaced({ refreshTokens: replacedTokens, client });
    return { kind: 'registered', answer: answerNewSession({ session, user, answerSession }) };
  };
}
