import type { ClientFacts } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Allowance } from '../platform/limits/limit.js';
import type { Limits } from '../platform/limits/limits.js';
import { networkOf } from '../platform/limits/network.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics, RefreshVerdict } from '../platform/metrics/metrics.js';
import type { Random } from '../platform/random.js';
import { RateLimited } from '../platform/rate-limited.js';
import { ServiceUnavailable } from '../platform/service-unavailable.js';
import type { AuditRefusedRefresh } from './audit-refused-refresh.js';
import { refreshWaitSeconds } from './refresh-allowance.js';
import type { RefreshableSession, RefreshSessionRepository, TokenDelivery } from './refresh-session.repository.js';
import type { ParsedRefreshToken, RefreshTokenCodec } from './refresh-token.js';
import type { EndingRepository } from './revocation/ending.repository.js';
import { type AnswerSession, type SessionAnswer, type SessionLifetimes, sessionEnd } from './session-answer.js';
import { judge, type RotationRules, type Verdict } from './verdict.js';

export type RefreshOutcome = { kind: 'refreshed'; answer: SessionAnswer } | { kind: 'refused' };

export type Refresh = (input: {
  refreshToken: string;
  /** The way the token came. */
  tokenDelivery: TokenDelivery;
  client: ClientFacts;
}) => Promise<RefreshOutcome>;

export interface RefreshNeeds {
  sessions: RefreshSessionRepository;
  endings: EndingRepository;
  codec: RefreshTokenCodec;
  auditRefused: AuditRefusedRefresh;
  limits: Limits;
  /** Of refreshes of one session. */
  allowance: Allowance;
  answerSession: AnswerSession;
  /** Whether this process knows that the session has ended, whatever the database says. */
  isKnownEnded: (sessionId: string) => boolean;
  /** The newest generation of which this process has seen an access token, perhaps not yet written down. */
  seenGeneration: (sessionId: string) => number;
  rules: RotationRules;
  lifetimes: SessionLifetimes;
  clock: Clock;
  random: Random;
  log: Logger;
  metrics: Pick<Metrics, 'refresh'>;
}

/** A race is lost to somebody who won it: each further round needs another change of the same session meanwhile. */
const ROUNDS_MAX = 10;

/**
 * Exchanges a refresh token (RFC 6749 6) with rotation (RFC 9700 4.14.2): the row is read once, the verdict computed,
 * and one statement carries it out that repeats all that the verdict relied on. Every refusal looks the same.
 *
 * @throws {ServiceUnavailable} where the outcome can't be known now; {@link RateLimited} where the session is refreshed too
 * often, or the network's refresh tokens are refused too often. The same token works afterwards.
 */
export function createRefresh(needs: RefreshNeeds): Refresh {
  return async ({ refreshToken, tokenDelivery, client }) => {
    const refused = async (cause: string, sessionId?: string): Promise<RefreshOutcome> => {
      needs.metrics.refresh(cause.toLowerCase());
      if (client.requestNotes !== undefined) client.requestNotes.cause = cause;
      needs.log.info({ event: 'refresh_refused', cause, sessionId, requestId: client.requestId });
      const bucket = { limit: 'REFRESH_REFUSED_NETWORK' as const, key: networkOf(client.ipAddress) };
      const taking = await needs.limits.take({ buckets: [bucket], client });
      if (taking.kind === 'limited') throw new RateLimited(taking.retryAfterSeconds);
      return { kind: 'refused' };
    };
    const arrivedAt = needs.clock.now();
    const token = needs.codec.parse(refreshToken);
    if (token === null) return refused('MALFORMED');
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const session = await needs.sessions.find(token);
      if (session === null) return refused('SESSION_UNKNOWN', token.sessionId);
      if (!needs.codec.isGenuine(token, session.salt)) return refused('MAC_WRONG', token.sessionId);
      const step: Step =
        session.tokenDelivery === tokenDelivery
          ? await carryOut({ needs, token, arrivedAt, session, client })
          : { kind: 'refused', cause: 'DELIVERY_WRONG' };
      if (step.kind === 'done') {
        needs.metrics.refresh(step.verdict);
        return { kind: 'refreshed', answer: step.answer };
      }
      if (step.kind === 'overtaken') continue;
      const { userId, id: sessionId } = session;
      if (step.kind !== 'ended') await needs.auditRefused({ userId, sessionId, cause: step.cause, client });
      if (step.kind === 'limited') {
        needs.metrics.refresh('refreshed_too_often');
        throw new RateLimited(step.retryAfterSeconds);
      }
      return refused(step.cause, sessionId);
    }
    throw new ServiceUnavailable('REFRESH_CONTENDED', 1);
  };
}

type Step =
  | { kind: 'done'; verdict: RefreshVerdict; answer: SessionAnswer }
  | { kind: 'refused'; cause: string }
  | { kind: 'limited'; cause: 'REFRESHED_TOO_OFTEN'; retryAfterSeconds: number }
  /** Refused, and the session ended for it, which the audit trail then holds already. */
  | { kind: 'ended'; cause: string }
  /** The session was changed by somebody else meanwhile: read and judge again. */
  | { kind: 'overtaken' };

interface StepNeeds {
  needs: RefreshNeeds;
  token: ParsedRefreshToken;
  arrivedAt: Date;
  session: RefreshableSession;
  client: ClientFacts;
}

async function carryOut({ needs, token, arrivedAt, session, client }: StepNeeds): Promise<Step> {
  const { sessions, clock } = needs;
  if (session.revokedAt === null && needs.isKnownEnded(session.id)) return endAnew({ needs, session, client });
  const now = clock.now();
  const verdict = judgeNow({ needs, token, arrivedAt, session, now });
  const waitSeconds = refreshWaitSeconds({ session, allowance: needs.allowance, now });
  // What is refused or ends the session is so however often it comes.
  if (waitSeconds !== null && verdict.kind !== 'refuse' && verdict.kind !== 'end') {
    return { kind: 'limited', cause: 'REFRESHED_TOO_OFTEN', retryAfterSeconds: waitSeconds };
  }
  switch (verdict.kind) {
    case 'refuse':
      return { kind: 'refused', cause: verdict.cause };
    case 'answer_again':
    case 'answer_late': {
      const inRow = verdict.kind === 'answer_late' ? verdict.inRow : null;
      const isCounted =
        inRow === null
          ? await sessions.countRefresh({ session, now })
          : await sessions.countLateAnswer({ session, inRow, now });
      if (!isCounted) return { kind: 'overtaken' };
      const answered = verdict.kind === 'answer_again' ? 'grace' : 'lost_answer';
      return { kind: 'done', verdict: answered, answer: answerOf(needs, session) };
    }
    case 'rotate':
    case 'catch_up':
      return advance({ needs, token, arrivedAt, session, client, now, isCatchUp: verdict.kind === 'catch_up' });
    case 'ask_again':
      throw new ServiceUnavailable('REFRESH_OVERTAKEN', 1);
    case 'end': {
      const ending = { userId: session.userId, sessionId: session.id, generation: session.generation, client };
      const isEnded = await needs.endings.endJudged({ ...ending, cause: verdict.cause });
      return isEnded ? { kind: 'ended', cause: verdict.cause } : { kind: 'overtaken' };
    }
    default:
      return unreachable(verdict);
  }
}

/** The database has lost the end of a session, as it loses rotations: the end is made anew. */
async function endAnew({ needs, session, client }: Pick<StepNeeds, 'needs' | 'session' | 'client'>): Promise<Step> {
  const { userId, id: sessionId } = session;
  const isEnded = await needs.endings.end({ userId, sessionId, cause: 'DATABASE_WENT_BACK', client });
  // Otherwise it has ended at this very moment.
  return isEnded ? { kind: 'ended', cause: 'DATABASE_WENT_BACK' } : { kind: 'refused', cause: 'SESSION_REVOKED' };
}

function judgeNow({ needs, token, arrivedAt, session, now }: Omit<StepNeeds, 'client'> & { now: Date }): Verdict {
  const confirmedGeneration = Math.max(session.confirmedGeneration, needs.seenGeneration(session.id));
  const { rules } = needs;
  return judge({ presented: token.generation, session: { ...session, confirmedGeneration }, rules, arrivedAt, now });
}

async function advance(step: StepNeeds & { now: Date; isCatchUp: boolean }): Promise<Step> {
  const { needs, token, session, client, now, isCatchUp } = step;
  const expiresAt = sessionEnd({ now, absoluteExpiresAt: session.absoluteExpiresAt, lifetimes: needs.lifetimes });
  const rotation = { session, now, expiresAt, client };
  const presented = token.generation;
  const audit = { id: needs.random.id(), at: now, kind: 'DATABASE_WENT_BACK' as const, cause: null, client };
  const hasAdvanced = isCatchUp
    ? await needs.sessions.catchUp({ ...rotation, presented, audit })
    : await needs.sessions.rotate(rotation);
  if (!hasAdvanced) return { kind: 'overtaken' };
  const { userAgent, ipAddress } = client;
  const advanced = { ...session, generation: presented + 1, lastUsedAt: now, expiresAt, userAgent, ipAddress };
  return { kind: 'done', verdict: isCatchUp ? 'database_went_back' : 'rotated', answer: answerOf(needs, advanced) };
}

function answerOf({ answerSession }: RefreshNeeds, session: RefreshableSession): SessionAnswer {
  return answerSession({ session, user: session.user, authEpoch: session.authEpoch });
}

function unreachable(verdict: never): never {
  throw new Error(`unknown verdict ${JSON.stringify(verdict)}`);
}
