import type { AuditKind, ClientFacts } from '../platform/audit/audit.js';
import { addSeconds, type Clock } from '../platform/clock.js';
import type { Random } from '../platform/random.js';
import type { TokenDelivery } from './refresh-session.repository.js';
import { type AnswerSession, type SessionAnswer, type SessionLifetimes, sessionEnd } from './session-answer.js';
import type { NewSession, SignedInUser } from './sign-in.repository.js';

const SALT_BYTES = 32;

/** A session about to begin for somebody who has just shown a password (`amr`: pwd, RFC 8176 2). */
export function prepareSession(needs: {
  tokenDelivery: TokenDelivery;
  auditKind: AuditKind;
  client: ClientFacts;
  lifetimes: SessionLifetimes;
  clock: Clock;
  random: Random;
}): NewSession {
  const { tokenDelivery, auditKind, client, lifetimes, clock, random } = needs;
  const now = clock.now();
  const absoluteExpiresAt = addSeconds(now, lifetimes.absoluteTtlSeconds);
  return {
    id: random.id(),
    salt: random.bytes(SALT_BYTES),
    tokenDelivery,
    amr: ['pwd'],
    now,
    expiresAt: sessionEnd({ now, absoluteExpiresAt, lifetimes }),
    absoluteExpiresAt,
    audit: { id: random.id(), at: now, kind: auditKind, cause: null, client },
  };
}

/** The answer to a sign-in whose session was created. */
export function answerNewSession(needs: {
  session: NewSession;
  user: SignedInUser;
  answerSession: AnswerSession;
}): SessionAnswer {
  const { session, answerSession } = needs;
  const { authEpoch, ...user } = needs.user;
  const { id, salt, amr, now, expiresAt, audit } = session;
  const { userAgent, ipAddress } = audit.client;
  const times = { createdAt: now, authenticatedAt: now, lastUsedAt: now, expiresAt };
  return answerSession({ session: { id, salt, generation: 0, amr, ...times, userAgent, ipAddress }, user, authEpoch });
}
