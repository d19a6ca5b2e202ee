import type { Config } from '../config.js';
import type { AuditTrail } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Database } from '../platform/database/database.js';
import type { Limits } from '../platform/limits/limits.js';
import type { Logger } from '../platform/logger.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { Metrics } from '../platform/metrics/metrics.js';
import type { Random } from '../platform/random.js';
import type { CheckNewPassword } from '../user/password/check-new-password.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { Rehash } from '../user/password/rehash.js';
import { createProfileCache } from '../user/profile-cache.js';
import type { UserRepository } from '../user/user.repository.js';
import { createAuthenticate } from './access-token/authenticate.js';
import { type ScopesOf, scopesByRole } from './access-token/granted-scopes.js';
import { createIssueAccessToken } from './access-token/issue-access-token.js';
import type { SigningKeys } from './access-token/signing-keys.js';
import { createVerifyAccessToken } from './access-token/verify-access-token.js';
import { createAuditRefusedRefresh } from './audit-refused-refresh.js';
import { createCookieDelivery } from './cookie-delivery.js';
import { countLogins } from './count-logins.js';
import { createDeviceCookie } from './device/device-cookie.js';
import { createDeviceTokens } from './device/device-token.js';
import { createEndAllSessions } from './end-all-sessions.js';
import { createEndReplaced } from './end-replaced.js';
import { createEndSession } from './end-session.js';
import { createListSessions } from './list-sessions.js';
import { createLogin } from './login.js';
import { createLogout } from './logout.js';
import { createReauthenticate } from './reauthenticate.js';
import { createReauthenticationRepository } from './reauthentication.repository.js';
import { createRefresh } from './refresh.js';
import { createRefreshCookie } from './refresh-cookie.js';
import { createRefreshSessionRepository } from './refresh-session.repository.js';
import { createRefreshTokenCodec } from './refresh-token.js';
import { createRegister, type Register } from './register.js';
import { createBeginRegistration } from './registration/begin-registration.js';
import { createRegistrationRepository } from './registration/registration.repository.js';
import { createEndingRepository } from './revocation/ending.repository.js';
import { createRevocationFeed } from './revocation/revocation-feed.js';
import { createRevocationList } from './revocation/revocation-list.js';
import { createLookUpSession } from './revocation/session-lookup.js';
import { createSessionActivity } from './session-activity.js';
import { createAnswerSession, createDescribeIdentity } from './session-answer.js';
import { createSessionOfToken } from './session-of-token.js';
import { createSignInRepository } from './sign-in.repository.js';
import type { SigningKeysFollower } from './signing-key/follow-signing-keys.js';

export interface SessionParts {
  config: Config;
  databaseUrl: string;
  databaseDirectUrl: string;
  refreshTokenSecrets: readonly Buffer[];
  signingKeys: SigningKeys;
  /** null: the keys are not in the database. */
  keysFollower: SigningKeysFollower | null;
  database: Database;
  users: UserRepository;
  hasher: PasswordHasher;
  checkNewPassword: CheckNewPassword;
  rehash: Rehash;
  audit: AuditTrail;
  limits: Limits;
  mailWake: MailWake;
  clock: Clock;
  random: Random;
  log: Logger;
  metrics: Metrics;
  /** Default: as the setting ROLE_SCOPES says. */
  scopesOf?: ScopesOf | undefined;
}

/** Puts the parts of being signed in together: use cases, and what the context asks. */
export function assembleSessions(parts: SessionParts) {
  const { config, database, users, hasher, audit, limits, clock, random, log, metrics } = parts;
  const profiles = createProfileCache({
    findProfiles: users.findProfiles,
    isFeedBehind: () => feed.isBehind(),
    clock,
  });
  const revocations = createRevocationList({ clock, onUserChanged: profiles.forget });
  const feed = createRevocationFeed({
    url: parts.databaseUrl,
    directUrl: parts.databaseDirectUrl,
    schema: config.databaseSchema,
    clock,
    revocations,
    keysFollower: parts.keysFollower,
    log,
  });
  const activity = createSessionActivity({ database, clock, log });
  const tokens = { keys: parts.signingKeys, issuer: config.jwtIssuer, audience: config.jwtAudience, clock };
  const codec = createRefreshTokenCodec(parts.refreshTokenSecrets);
  const issueAccessToken = createIssueAccessToken({ ...tokens, ttlSeconds: config.accessTokenTtlSeconds, random });
  const describeIdentity = createDescribeIdentity({ scopesOf: parts.scopesOf ?? scopesByRole(config.roleScopes) });
  const answerSession = createAnswerSession({ codec, issueAccessToken, describeIdentity });
  const sessions = createRefreshSessionRepository({ database, allowance: config.allowances.REFRESH_SESSION });
  const signIns = createSignInRepository({ database });
  const endings = createEndingRepository({ database, clock, random, revocations, mailWake: parts.mailWake, metrics });
  const lifetimes = {
    idleTtlSeconds: config.sessionIdleTtlSeconds,
    absoluteTtlSeconds: config.sessionAbsoluteTtlSeconds,
  };
  const rules = { graceSeconds: config.refreshGraceSeconds, lostAnswerSeconds: config.refreshLostAnswerSeconds };
  const { sessionsPerUserMax } = config;
  const { seenGeneration } = activity;
  const sessionOfToken = createSessionOfToken({ sessions, codec, clock });
  const endReplaced = createEndReplaced({ sessionOfToken, endings, log });
  const deviceTokens = createDeviceTokens({ secrets: parts.refreshTokenSecrets, random });
  const signIn = {
    signIns,
    mailWake: parts.mailWake,
    endReplaced,
    hasher,
    limits,
    deviceTokens,
    audit,
    answerSession,
    lifetimes,
    clock,
    random,
  };
  const cookieAttributes = { isSecure: config.isCookieSecure, sameSite: config.cookieSameSite };
  const cookie = createRefreshCookie({ ...cookieAttributes, clock });
  const deviceCookie = createDeviceCookie({ ...cookieAttributes, deviceTokens });
  const registering = { ...signIn, checkNewPassword: parts.checkNewPassword };
  const registers: Record<Config['registration'], () => Register> = {
    open: () => createRegister(registering),
    verified: () =>
      createBeginRegistration({ ...registering, registrations: createRegistrationRepository({ database }) }),
    closed: () => async () => ({ kind: 'closed' }),
  };
  return {
    endings,
    feed,
    revocations,
    activity,
    knownUser: profiles.known,
    findUsers: profiles.find,
    authenticate: createAuthenticate({
      verify: createVerifyAccessToken(tokens),
      revocations,
      isFeedBehind: feed.isBehind,
      onSeen: activity.saw,
    }),
    deviceTokens,
    cookieDelivery: createCookieDelivery({ cookie, deviceCookie, log }),
    lookUpSession: createLookUpSession({ database, clock, poolMax: config.databasePoolMax }),
    useCases: {
      register: registers[config.registration](),
      login: countLogins(
        createLogin({ ...signIn, rehash: parts.rehash, users, endings, sessionsPerUserMax, log }),
        metrics,
      ),
      refresh: createRefresh({
        sessions,
        endings,
        codec,
        auditRefused: createAuditRefusedRefresh({ audit }),
        limits,
        allowance: config.allowances.REFRESH_SESSION,
        answerSession,
        isKnownEnded: revocations.hasEnded,
        seenGeneration,
        rules,
        lifetimes,
        clock,
        random,
        log,
        metrics,
      }),
      reauthenticate: createReauthenticate({
        users,
        reauthentications: createReauthenticationRepository({ database }),
        hasher,
        limits,
        audit,
        describeIdentity,
        issueAccessToken,
        clock,
        random,
      }),
      logout: createLogout({ sessionOfToken, endings }),
      listSessions: createListSessions({ sessions, clock }),
      endSession: createEndSession({ endings }),
      endAllSessions: createEndAllSessions({ endings }),
    },
  };
}
