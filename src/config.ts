import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { z } from 'zod';

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

const SECRET_BYTES_MIN = 32;
/** 32 random bytes hold about 30 distinct values; a typed or repeated sample holds far fewer. */
const SECRET_DISTINCT_BYTES_MIN = 16;
const ACCESS_TOKEN_TTL_SECONDS_MAX = 3600;

const wholeNumber = (min: number, max: number) =>
  z.string().transform((text, context) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    context.addIssue({ code: 'custom', message: `must be a whole number from ${min} to ${max}` });
    return z.NEVER;
  });

const flag = z.enum(['true', 'false'], { error: 'must be true or false' }).transform((text) => text === 'true');

const list = (text: string) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

const httpUrl = z.string().refine((text) => {
  const url = parseUrl(text);
  return (
    url !== null &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.hash === ''
  );
}, 'must be an http or https URL');

const databaseUrl = z
  .string()
  .refine(
    (text) => ['postgres:', 'postgresql:'].includes(parseUrl(text)?.protocol ?? ''),
    'must be a postgresql:// URL (its text is not shown: it may hold a password)',
  );

function secretFault(text: string): string | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) return 'is not base64url';
  if (bytes.length < SECRET_BYTES_MIN) return `has fewer than ${SECRET_BYTES_MIN} bytes`;
  return isRandomLooking({ text, bytes }) ? null : 'is not random';
}

/** Refuses what people type or copy from examples: repetitions, sequences, words. Random bytes pass, in hexadecimal too. */
function isRandomLooking({ text, bytes }: { text: string; bytes: Buffer }): boolean {
  const steps = (lag: number) => bytes.subarray(lag).map((byte, index) => byte - (bytes[index] ?? 0));
  const isVaried = [bytes, steps(1), steps(3)].every((values) => new Set(values).size >= SECRET_DISTINCT_BYTES_MIN);
  const isMixedCase = /[a-z]/.test(text) && /[A-Z]/.test(text);
  return isVaried && (isMixedCase || /^[0-9a-f]+$/i.test(text));
}

const refreshTokenSecrets = z.string().transform((text, context) => {
  const entries = list(text);
  if (entries.length === 0) context.addIssue({ code: 'custom', message: 'must hold at least one secret' });
  entries.forEach((entry, index) => {
    const fault = secretFault(entry);
    if (fault !== null) context.addIssue({ code: 'custom', message: `secret ${index + 1} ${fault}` });
  });
  if (new Set(entries).size < entries.length) context.addIssue({ code: 'custom', message: 'holds one secret twice' });
  return entries.map((entry) => Buffer.from(entry, 'base64url'));
});

const origins = z.string().transform((text, context) => {
  const entries = list(text);
  for (const entry of entries) {
    const url = parseUrl(entry);
    const isOrigin = url !== null && ['http:', 'https:'].includes(url.protocol) && url.origin === entry;
    if (!isOrigin) {
      context.addIssue({ code: 'custom', message: `"${entry}" is not an origin such as https://app.example.org` });
    }
  }
  return entries;
});

const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal'];

function isProxy(entry: string): boolean {
  if (PROXY_NAMES.includes(entry)) return true;
  const [address = '', prefix, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

const proxies = z.string().transform((text, context) => {
  const entries = list(text);
  for (const entry of entries) {
    if (!isProxy(entry)) {
      context.addIssue({ code: 'custom', message: `"${entry}" is neither an address, a network, nor loopback` });
    }
  }
  return entries;
});

const secondsUpTo = (max: number) => wholeNumber(1, max);
const YEAR_SECONDS = 31_536_000;

/** Every setting, read from the environment. The text of each is its manual: the README's table is checked against it. */
export const settings = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'], { error: 'must be development, production or test' })
    .optional()
    .describe('Which rules hold. Default: development where HOST is a loopback address, else production.'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on. Default: 127.0.0.1.'),
  PORT: wholeNumber(0, 65_535).prefault('4000').describe('Port to listen on; 0 takes a free one. Default: 4000.'),
  PUBLIC_URL: httpUrl.optional().describe('URL under which clients reach the gateway. Default: http://localhost:PORT.'),
  DATABASE_URL: databaseUrl
    .optional()
    .describe('PostgreSQL to use, 15 or newer. Default: an embedded server (development only).'),
  DATABASE_DIRECT_URL: databaseUrl
    .optional()
    .describe('The same database past any pooler, for LISTEN and migrations. Default: DATABASE_URL.'),
  DATABASE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,47}$/, 'must be a lower-case SQL name of at most 48 characters')
    .default('gatehouse')
    .describe('Schema that holds the tables. Default: gatehouse.'),
  DATABASE_POOL_MAX: wholeNumber(1, 1000).prefault('10').describe('Connections in the pool. Default: 10.'),
  GATEHOUSE_DATA_DIR: z
    .string()
    .default('.gatehouse')
    .describe('Folder of the embedded server and of generated secrets. Default: .gatehouse.'),
  REFRESH_TOKEN_SECRETS: refreshTokenSecrets
    .optional()
    .describe(
      'Comma-separated secrets of 32 bytes or more in base64url: the first signs, all verify. Default: generated (development only).',
    ),
  SIGNING_KEYS_FILE: z
    .string()
    .optional()
    .describe(
      'File with a private JWK set of ES256 keys: the first signs, all verify. Default: generated (development only).',
    ),
  JWT_ISSUER: z.string().optional().describe('Claim iss of access tokens. Default: PUBLIC_URL.'),
  JWT_AUDIENCE: z.string().optional().describe('Claim aud of access tokens. Default: JWT_ISSUER.'),
  ACCESS_TOKEN_TTL_SECONDS: secondsUpTo(ACCESS_TOKEN_TTL_SECONDS_MAX)
    .prefault('900')
    .describe('Longest life of an access token, at most 3600. Default: 900.'),
  SESSION_IDLE_TTL_SECONDS: secondsUpTo(YEAR_SECONDS)
    .prefault('604800')
    .describe('A session ends so long after its last refresh. Default: 604800 (7 days).'),
  SESSION_ABSOLUTE_TTL_SECONDS: secondsUpTo(YEAR_SECONDS)
    .prefault('2592000')
    .describe('A session ends so long after its login, whatever happens. Default: 2592000 (30 days).'),
  SESSIONS_PER_USER_MAX: wholeNumber(1, 10_000)
    .prefault('50')
    .describe('Live sessions a user may have; one more ends the least recently used. Default: 50.'),
  REFRESH_GRACE_SECONDS: wholeNumber(0, 300)
    .prefault('10')
    .describe('How long a just-spent refresh token is answered like the first time. Default: 10.'),
  REFRESH_LOST_ANSWER_SECONDS: wholeNumber(0, YEAR_SECONDS)
    .prefault('86400')
    .describe('How long a lost answer can be asked for again. Default: 86400 (1 day).'),
  PASSWORD_MIN_LENGTH: wholeNumber(8, 256).prefault('15').describe('Shortest password, in code points. Default: 15.'),
  BCRYPT_COST: wholeNumber(10, 16).prefault('12').describe('Work factor of password hashes, 10 to 16. Default: 12.'),
  HASH_WORKERS: wholeNumber(1, 256)
    .optional()
    .describe('Threads that hash passwords. Default: the number of cores less one, at least 1.'),
  HASH_QUEUE_MAX: wholeNumber(1, 100_000)
    .optional()
    .describe('Hashings that may wait; one more is SERVICE_UNAVAILABLE. Default: 40 for each worker.'),
  ALLOWED_ORIGINS: origins
    .optional()
    .describe('Comma-separated origins whose pages may call (CORS). Default: none; in development, local ones.'),
  TRUSTED_PROXIES: proxies
    .prefault('')
    .describe('Comma-separated addresses or networks whose X-Forwarded-For is believed. Default: none.'),
  INTROSPECTION: flag.optional().describe('Whether the schema can be asked for. Default: true in development only.'),
  GRAPHQL_DEPTH_MAX: wholeNumber(1, 1000)
    .prefault('10')
    .describe('Fields within fields. Default: 10; the examples take 3.'),
  GRAPHQL_COST_MAX: wholeNumber(1, 1_000_000)
    .prefault('500')
    .describe('Fields of an operation, those in lists counted ten times. Default: 500; the examples take up to 71.'),
  GRAPHQL_ALIASES_MAX: wholeNumber(0, 1000).prefault('20').describe('Aliases in an operation. Default: 20.'),
  GRAPHQL_ROOT_FIELDS_MAX: wholeNumber(1, 1000)
    .prefault('20')
    .describe('Fields of Query or Mutation in an operation. Default: 20; the examples take 1.'),
  GRAPHQL_DIRECTIVES_MAX: wholeNumber(0, 1000).prefault('20').describe('Directives in an operation. Default: 20.'),
  GRAPHQL_TOKENS_MAX: wholeNumber(10, 100_000)
    .prefault('500')
    .describe('Words and signs of a document. Default: 500; all examples together take 234, introspection 186.'),
  GRAPHQL_VARIABLE_ENTRIES_MAX: wholeNumber(10, 100_000)
    .prefault('500')
    .describe('Entries of all lists and objects in the variables. Default: 500; the examples take up to 3.'),
  GRAPHQL_ERRORS_MAX: wholeNumber(1, 1000).prefault('20').describe('Errors in one answer. Default: 20.'),
  HTTP_BODY_BYTES_MAX: wholeNumber(1024, 10_000_000)
    .prefault('102400')
    .describe('Longest request body, in bytes. Default: 102400 (100 KB).'),
  HTTP_CONNECTIONS_MAX: wholeNumber(1, 1_000_000)
    .prefault('5000')
    .describe('Connections at a time; one more is dropped. Default: 5000.'),
  SHUTDOWN_NOTICE_SECONDS: wholeNumber(0, 60)
    .prefault('0')
    .describe('At a stop, how long /health/ready says no before new connections are refused. Default: 0.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be trace, debug, info, warn, error, fatal or silent',
    })
    .default('info')
    .describe('Least severe level that is logged. Default: info.'),
});

type Settings = z.infer<typeof settings>;

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
    const faults = crossFaults(parsed.data);
    if (faults.length > 0) throw new ConfigError(faults);
    return toConfig(parsed.data, machine);
  }
  // A value that can't be read must not hide what else is wrong: the rules between settings see the rest.
  const unreadable = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
  const rest = settings.safeParse(Object.fromEntries(Object.entries(given).filter(([name]) => !unreadable.has(name))));
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  const crossed = rest.success ? crossFaults(rest.data) : [];
  // A rule that needs what can't be read would be judged by its default.
  const isSound = (fault: string) => ![...unreadable].some((name) => fault.includes(name));
  throw new ConfigError([...faults, ...crossed.filter(isSound)]);
}

/** Whether an address can only be reached from this machine. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** The settings of this process. @throws {ConfigError} */
export function readConfig(): Config {
  return loadConfig(process.env, { cores: availableParallelism() });
}

function isProductionFor(values: Settings): boolean {
  if (values.NODE_ENV !== undefined) return values.NODE_ENV === 'production';
  return !isLoopbackHost(values.HOST);
}

function crossFaults(values: Settings): string[] {
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
  return isProductionFor(values) ? [...faults, ...productionFaults(values)] : faults;
}

function productionFaults(values: Settings): string[] {
  return (['DATABASE_URL', 'REFRESH_TOKEN_SECRETS', 'SIGNING_KEYS_FILE'] as const)
    .filter((name) => values[name] === undefined)
    .map((name) => `${name} must be set in production`);
}

function toConfig(values: Settings, machine: MachineFacts) {
  const isProduction = isProductionFor(values);
  const publicUrl = values.PUBLIC_URL ?? `http://localhost:${values.PORT}`;
  const issuer = values.JWT_ISSUER ?? publicUrl;
  const hashWorkers = values.HASH_WORKERS ?? Math.max(1, machine.cores - 1);
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
    dataDir: values.GATEHOUSE_DATA_DIR,
    /** null: generated and kept in the data folder. */
    refreshTokenSecrets: values.REFRESH_TOKEN_SECRETS ?? null,
    /** null: generated and kept in the data folder. */
    signingKeysFile: values.SIGNING_KEYS_FILE ?? null,
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
    passwordMinLength: values.PASSWORD_MIN_LENGTH,
    bcryptCost: values.BCRYPT_COST,
    hashWorkers,
    hashQueueMax: values.HASH_QUEUE_MAX ?? 40 * hashWorkers,
    /** 'local': pages of this machine, whatever their port (development). */
    allowedOrigins: values.ALLOWED_ORIGINS ?? (isProduction ? [] : ('local' as const)),
    trustedProxies: values.TRUSTED_PROXIES,
    hasIntrospection: values.INTROSPECTION ?? !isProduction,
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
      closeNoticeMs: values.SHUTDOWN_NOTICE_SECONDS * 1000,
    },
    logLevel: values.LOG_LEVEL,
  };
}
