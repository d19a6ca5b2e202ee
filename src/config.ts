import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { type Allowance, type Allowances, LIMIT_NAMES, type LimitName } from './platform/limits/limit.js';
import { type Settings, settings } from './settings.js';

/** What the machine says of itself; given, so that reading the settings stays pure. */
export interface MachineFacts {
  /** Processor cores that this process may use. */
  cores: number;
}

/** Thrown by {@link loadConfig}: every fault of the settings at once, never a value of a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: readonly string[]) {
    super(`The settings can't be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

/** All that can be set, ready to use. */
export type Config = ReturnType<typeof toConfig>;

/**
 * Reads the settings from an environment; a variable that is empty counts as not set.
 *
 * @throws {ConfigError} naming every fault at once.
 */
export function loadConfig(environment: Record<string, string | undefined>, machine: MachineFacts): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = settings.safeParse(given);
  if (parsed.success) {
    const faults = crossFaults(parsed.data, machine);
    if (faults.length > 0) throw new ConfigError(faults);
    return toConfig(parsed.data, machine);
  }
  // A value that can't be read must not hide what else is wrong: the rules between settings see the rest.
  const unreadable = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
  const rest = settings.safeParse(Object.fromEntries(Object.entries(given).filter(([name]) => !unreadable.has(name))));
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  const crossed = rest.success ? crossFaults(rest.data, machine) : [];
  // A rule that needs what can't be read would be judged by its default.
  const isSound = (fault: string) => ![...unreadable].some((name) => fault.includes(name));
  throw new ConfigError([...faults, ...crossed.filter(isSound)]);
}

/** Whether an address can only be reached from this machine. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * The settings of this process, or those of an environment that is given.
 *
 * @throws {ConfigError} naming every fault at once.
 */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  return loadConfig(environment, { cores: availableParallelism() });
}

/** Statements of the pool that may run or wait at a time. */
export function statementsMax(config: Pick<Config, 'databasePoolMax' | 'databaseQueueMax'>): number {
  return config.databasePoolMax + config.databaseQueueMax;
}

function isProductionFor(values: Settings): boolean {
  if (values.NODE_ENV !== undefined) return values.NODE_ENV === 'production';
  return !isLoopbackHost(values.HOST);
}

function publicUrlOf(values: Settings): string {
  return values.PUBLIC_URL ?? `http://localhost:${values.PORT}`;
}

/** In development on http, browsers need not keep a cookie with the attribute Secure. */
function isCookieSecure(values: Settings): boolean {
  return isProductionFor(values) || new URL(publicUrlOf(values)).protocol === 'https:';
}

function crossFaults(values: Settings, machine: MachineFacts): string[] {
  const faults: string[] = [];
  if (values.SESSION_IDLE_TTL_SECONDS > values.SESSION_ABSOLUTE_TTL_SECONDS) {
    faults.push('SESSION_IDLE_TTL_SECONDS is longer than SESSION_ABSOLUTE_TTL_SECONDS');
  }
  if (values.ACCESS_TOKEN_TTL_SECONDS > values.SESSION_IDLE_TTL_SECONDS) {
    faults.push('ACCESS_TOKEN_TTL_SECONDS is longer than SESSION_IDLE_TTL_SECONDS: clients would refresh too late');
  }
  if (values.REFRESH_GRACE_SECONDS > values.SESSION_IDLE_TTL_SECONDS) {
    faults.push('REFRESH_GRACE_SECONDS is longer than SESSION_IDLE_TTL_SECONDS');
  }
  if (values.REFRESH_GRACE_SECONDS > values.REFRESH_LOST_ANSWER_SECONDS) {
    faults.push('REFRESH_GRACE_SECONDS is longer than REFRESH_LOST_ANSWER_SECONDS');
  }
  if (values.DATABASE_DIRECT_URL !== undefined && values.DATABASE_URL === undefined) {
    faults.push('DATABASE_URL must be set where DATABASE_DIRECT_URL is');
  }
  if (values.COOKIE_SAME_SITE === 'none' && !isCookieSecure(values)) {
    faults.push("COOKIE_SAME_SITE can't be none where PUBLIC_URL is http: browsers drop such a cookie without Secure");
  }
  if (values.SIGNING_KEYS_FILE !== undefined && values.KEY_ENCRYPTION_KEYS !== undefined) {
    faults.push('SIGNING_KEYS_FILE and KEY_ENCRYPTION_KEYS are both set: the keys are in the file, or in the database');
  }
  if (values.SMTP_URL !== undefined && values.SMTP_URL !== 'none' && values.MAIL_FROM === undefined) {
    faults.push('MAIL_FROM must be set where SMTP_URL is');
  }
  if (values.REGISTRATION === 'verified' && values.SMTP_URL === 'none') {
    faults.push("REGISTRATION can't be verified where SMTP_URL is none: the link would reach nobody");
  }
  if (values.METRICS_PORT === values.PORT && values.PORT !== 0) faults.push('METRICS_PORT is that of PORT');
  if (values.METRICS_PORT === 0 && values.GATEHOUSE_WORKERS > 1) {
    faults.push('METRICS_PORT must be a port of your choice where GATEHOUSE_WORKERS is more than 1');
  }
  if (values.GATEHOUSE_WORKERS > machine.cores) {
    faults.push(`GATEHOUSE_WORKERS is more than the number of cores, ${machine.cores}`);
  }
  if (values.HASH_WORKERS !== undefined && values.HASH_WORKERS < values.GATEHOUSE_WORKERS) {
    faults.push('HASH_WORKERS is less than GATEHOUSE_WORKERS: each process hashes on at least one thread');
  }
  return isProductionFor(values) ? [...faults, ...productionFaults(values)] : faults;
}

function productionFaults(values: Settings): string[] {
  const faults = (['DATABASE_URL', 'REFRESH_TOKEN_SECRETS'] as const)
    .filter((name) => values[name] === undefined)
    .map((name) => `${name} must be set in production`);
  if (values.SMTP_URL === undefined) {
    faults.push(
      'SMTP_URL must be set in production; none, where nobody is to get mail: then nobody can recover an account',
    );
  }
  const hasKeys = values.KEY_ENCRYPTION_KEYS !== undefined || values.SIGNING_KEYS_FILE !== undefined;
  return hasKeys ? faults : [...faults, 'KEY_ENCRYPTION_KEYS or SIGNING_KEYS_FILE must be set in production'];
}

function toConfig(values: Settings, machine: MachineFacts) {
  const isProduction = isProductionFor(values);
  const publicUrl = publicUrlOf(values);
  const issuer = values.JWT_ISSUER ?? publicUrl;
  const hashWorkers = values.HASH_WORKERS ?? Math.max(values.GATEHOUSE_WORKERS, machine.cores - 1);
  const hashQueueMax = values.HASH_QUEUE_MAX ?? 40 * hashWorkers;
  const requestsMax = values.REQUESTS_MAX ?? 100 + 2 * (hashWorkers + hashQueueMax);
  return {
    isProduction,
    host: values.HOST,
    port: values.PORT,
    publicUrl,
    /** null: the embedded server. */
    databaseUrl: values.DATABASE_URL ?? null,
    databaseDirectUrl: values.DATABASE_DIRECT_URL ?? values.DATABASE_URL ?? null,
    databaseSchema: values.DATABASE_SCHEMA,
    databasePoolMax: values.DATABASE_POOL_MAX,
    databaseQueueMax: values.DATABASE_QUEUE_MAX ?? Math.max(10 * values.DATABASE_POOL_MAX, requestsMax),
    dataDir: values.GATEHOUSE_DATA_DIR,
    /** null: generated and kept in the data folder. */
    refreshTokenSecrets: values.REFRESH_TOKEN_SECRETS ?? null,
    /** null: the signing keys are in the database. */
    signingKeysFile: values.SIGNING_KEYS_FILE ?? null,
    /** null: generated and kept in the data folder. */
    keyEncryptionKeys: values.KEY_ENCRYPTION_KEYS ?? null,
    signingKeyRotationDays: values.SIGNING_KEY_ROTATION_DAYS,
    jwtIssuer: issuer,
    /** Whether nobody said under which URL the gateway is reached. */
    isIssuerGuessed: values.PUBLIC_URL === undefined && values.JWT_ISSUER === undefined,
    jwtAudience: values.JWT_AUDIENCE ?? issuer,
    accessTokenTtlSeconds: values.ACCESS_TOKEN_TTL_SECONDS,
    sessionIdleTtlSeconds: values.SESSION_IDLE_TTL_SECONDS,
    sessionAbsoluteTtlSeconds: values.SESSION_ABSOLUTE_TTL_SECONDS,
    sessionsPerUserMax: values.SESSIONS_PER_USER_MAX,
    refreshGraceSeconds: values.REFRESH_GRACE_SECONDS,
    refreshLostAnswerSeconds: values.REFRESH_LOST_ANSWER_SECONDS,
    roleScopes: values.ROLE_SCOPES,
    registration: values.REGISTRATION,
    passwordMinLength: values.PASSWORD_MIN_LENGTH,
    /** null: no list is asked. */
    breachedPasswordsUrl: values.BREACHED_PASSWORDS_URL ?? null,
    /** null: mail is only shown, in development. */
    smtp: values.SMTP_URL ?? null,
    mailFrom: values.MAIL_FROM ?? { name: 'Gatehouse', address: 'no-reply@localhost' },
    /** null: the gateway's own pages. */
    accountPagesUrl: values.ACCOUNT_PAGES_URL ?? null,
    bcryptCost: values.BCRYPT_COST,
    /** Processes that serve on one port. */
    workers: values.GATEHOUSE_WORKERS,
    /** Of all processes together. */
    hashWorkers,
    hashQueueMax,
    /** 'local': pages of this machine, whatever their port (development). */
    allowedOrigins: values.ALLOWED_ORIGINS ?? (isProduction ? [] : ('local' as const)),
    /** The origin of pages that the gateway's own host serves; null: in production, where nobody said which it is. */
    ownOrigin: isProduction && values.PUBLIC_URL === undefined ? null : new URL(publicUrl).origin,
    cookieSameSite: values.COOKIE_SAME_SITE,
    isCookieSecure: isCookieSecure(values),
    trustedProxies: values.TRUSTED_PROXIES,
    isFederated: values.GATEHOUSE_FEDERATION,
    hasIntrospection: values.INTROSPECTION ?? !isProduction,
    hasHotLane: values.HOT_LANE,
    graphqlLimits: {
      depthMax: values.GRAPHQL_DEPTH_MAX,
      costMax: values.GRAPHQL_COST_MAX,
      aliasesMax: values.GRAPHQL_ALIASES_MAX,
      rootFieldsMax: values.GRAPHQL_ROOT_FIELDS_MAX,
      directivesMax: values.GRAPHQL_DIRECTIVES_MAX,
      tokensMax: values.GRAPHQL_TOKENS_MAX,
      variableEntriesMax: values.GRAPHQL_VARIABLE_ENTRIES_MAX,
      errorsMax: values.GRAPHQL_ERRORS_MAX,
    },
    httpLimits: {
      bodyBytesMax: values.HTTP_BODY_BYTES_MAX,
      connectionsMax: values.HTTP_CONNECTIONS_MAX,
      requestsMax,
      closeNoticeMs: values.SHUTDOWN_NOTICE_SECONDS * 1000,
    },
    /** null: tries are counted in PostgreSQL. */
    redisUrl: values.REDIS_URL ?? null,
    allowances: allowancesOf(values),
    /** 0: audit events are kept. */
    auditRetentionDays: values.AUDIT_RETENTION_DAYS,
    /** 0: another process deletes what has expired. */
    housekeepingSeconds: values.HOUSEKEEPING_SECONDS,
    /** null: none are kept. */
    metrics: values.METRICS_PORT === undefined ? null : { host: values.METRICS_HOST, port: values.METRICS_PORT },
    logLevel: values.LOG_LEVEL,
  };
}

function allowancesOf(values: Settings): Allowances {
  return Object.fromEntries(LIMIT_NAMES.map((name) => [name, values[`LIMIT_${name}`]])) as Record<LimitName, Allowance>;
}
