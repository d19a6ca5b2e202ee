import { z } from 'zod';
import { DEFAULT_SCHEMA } from './platform/database/default-schema.js';
import {
  allowance,
  databaseUrl,
  flag,
  httpUrl,
  mailSender,
  origins,
  proxies,
  redisUrl,
  roleScopes,
  secrets,
  smtpUrl,
  wholeNumber,
} from './setting-kinds.js';

const ACCESS_TOKEN_TTL_SECONDS_MAX = 3600;
const YEAR_SECONDS = 31_536_000;
const secondsUpTo = (max: number) => wholeNumber(1, max);

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
    .default(DEFAULT_SCHEMA)
    .describe('Schema that holds the tables. Default: gatehouse.'),
  DATABASE_POOL_MAX: wholeNumber(1, 1000).prefault('10').describe('Connections in the pool. Default: 10.'),
  DATABASE_QUEUE_MAX: wholeNumber(0, 100_000)
    .optional()
    .describe(
      'Statements that may wait for a connection; one more is SERVICE_UNAVAILABLE. Default: 10 for each connection, at least REQUESTS_MAX.',
    ),
  GATEHOUSE_DATA_DIR: z
    .string()
    .default('.gatehouse')
    .describe('Folder of the embedded server and of generated secrets. Default: .gatehouse.'),
  REFRESH_TOKEN_SECRETS: secrets
    .optional()
    .describe(
      'Comma-separated secrets of 32 bytes or more in base64url: the first signs, all verify. Default: generated (development only).',
    ),
  SIGNING_KEYS_FILE: z
    .string()
    .optional()
    .describe(
      'File with a private JWK set of ES256 keys, in the place of those in the database: the first signs, all verify, nothing rotates. Default: none.',
    ),
  KEY_ENCRYPTION_KEYS: secrets
    .optional()
    .describe(
      'Comma-separated secrets of 32 bytes or more in base64url, under which the database holds the signing keys: the first encrypts, all decrypt. Default: generated (development only).',
    ),
  SIGNING_KEY_ROTATION_DAYS: wholeNumber(0, 3650)
    .prefault('30')
    .describe('A signing key in the database signs for so long; 0: until it is rotated by hand. Default: 30.'),
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
  ROLE_SCOPES: roleScopes
    .prefault('{}')
    .describe(
      'JSON object of the scopes that come with roles, such as {"EDITOR":["notes:read","notes:write"]}. Default: none.',
    ),
  AUDIT_RETENTION_DAYS: wholeNumber(0, 36_500)
    .prefault('365')
    .describe('Audit events are deleted after so many days; 0: never. Default: 365.'),
  HOUSEKEEPING_SECONDS: wholeNumber(0, 86_400)
    .prefault('300')
    .describe('How often what has expired is deleted; 0: not by this process. Default: 300.'),
  REGISTRATION: z
    .enum(['open', 'verified', 'closed'], { error: 'must be open, verified or closed' })
    .default('open')
    .describe(
      'Who may register. open: anybody, signed in at once; it tells which addresses are registered. verified: anybody, once the link mailed to the address is used with the password; it tells nothing. closed: nobody. Default: open.',
    ),
  PASSWORD_MIN_LENGTH: wholeNumber(8, 256).prefault('15').describe('Shortest password, in code points. Default: 15.'),
  BREACHED_PASSWORDS_URL: httpUrl
    .optional()
    .describe(
      'Range service of breached passwords, such as https://api.pwnedpasswords.com/range: new passwords on its list are refused. It is sent 5 hexadecimal digits of each; where it does not answer within a second, the password is taken, audited. Default: none is asked.',
    ),
  SMTP_URL: smtpUrl
    .optional()
    .describe(
      'Server that takes the mail: smtps://user:password@host (TLS from the start), or smtp://… (STARTTLS, required unless the host is this machine; `?tls=off` for a server without it). `none`: nothing is sent, and nobody can recover an account. Must be set in production. Default: mail is only shown at /dev/mail (development only).',
    ),
  MAIL_FROM: mailSender
    .optional()
    .describe(
      'Sender of mail, such as Example <no-reply@example.org>. Must be set where SMTP_URL is. Default: no-reply@localhost (development only).',
    ),
  ACCOUNT_PAGES_URL: httpUrl
    .optional()
    .describe(
      "Where pages of your own take the links of mails: GET /account/<page> sends browsers on to ACCOUNT_PAGES_URL/<page>, the token in the fragment. Default: the gateway's own pages.",
    ),
  BCRYPT_COST: wholeNumber(10, 16).prefault('12').describe('Work factor of password hashes, 10 to 16. Default: 12.'),
  GATEHOUSE_WORKERS: wholeNumber(1, 256)
    .prefault('1')
    .describe(
      'Processes that `gatehouse start` serves by, on one port; at most the number of cores. What bounds connections, queues and requests holds for each. Default: 1.',
    ),
  HASH_WORKERS: wholeNumber(1, 256)
    .optional()
    .describe(
      'Threads that hash passwords, shared out among the processes, at least one to each. Default: the number of cores less one, at least 1.',
    ),
  HASH_QUEUE_MAX: wholeNumber(1, 100_000)
    .optional()
    .describe('Hashings that may wait; one more is SERVICE_UNAVAILABLE. Default: 40 for each worker.'),
  REDIS_URL: redisUrl
    .optional()
    .describe('Redis that counts tries for the limits; needs ioredis. Default: they are counted in PostgreSQL.'),
  LIMIT_LOGIN_ACCOUNT_NETWORK: allowance
    .prefault('10/900')
    .describe(
      'Logins to one account from one network (an IPv4 address, an IPv6 /64), as points/seconds. Default: 10/900.',
    ),
  LIMIT_LOGIN_NETWORK: allowance
    .prefault('100/900')
    .describe('Logins from one network, as points/seconds. Default: 100/900.'),
  LIMIT_LOGIN_ACCOUNT_UNKNOWN_DEVICES: allowance
    .prefault('50/3600')
    .describe('Logins to one account from all devices that are not known, as points/seconds. Default: 50/3600.'),
  LIMIT_LOGIN_DEVICE: allowance
    .prefault('20/900')
    .describe('Logins from a known device, which take from no other limit, as points/seconds. Default: 20/900.'),
  LIMIT_REGISTER_NETWORK: allowance
    .prefault('10/3600')
    .describe('Registrations from one network, successful ones included, as points/seconds. Default: 10/3600.'),
  LIMIT_CODE_ACCOUNT: allowance
    .prefault('5/900')
    .describe(
      'Tries of the password or a code by somebody signed in, for one account, as points/seconds. Default: 5/900.',
    ),
  LIMIT_MAIL_ADDRESS: allowance
    .prefault('3/3600')
    .describe('Mails to one address that somebody asked for, as points/seconds. Default: 3/3600.'),
  LIMIT_MAIL_NETWORK: allowance
    .prefault('20/3600')
    .describe('Mails that one network asked for, as points/seconds. Default: 20/3600.'),
  LIMIT_REFRESH_SESSION: allowance
    .prefault('60/900')
    .describe('Refreshes of one session, as points/seconds. Default: 60/900.'),
  LIMIT_REFRESH_REFUSED_NETWORK: allowance
    .prefault('100/900')
    .describe(
      'Refused refresh tokens and links from one network; good ones never count, as points/seconds. Default: 100/900.',
    ),
  ALLOWED_ORIGINS: origins
    .optional()
    .describe(
      'Comma-separated origins whose pages may call (CORS) and use cookie delivery, beside that of PUBLIC_URL. Default: none; in development, local ones.',
    ),
  COOKIE_SAME_SITE: z
    .enum(['strict', 'lax', 'none'], { error: 'must be strict, lax or none' })
    .default('strict')
    .describe(
      "Attribute SameSite of the refresh cookie. strict: only requests of pages of the gateway's own site bear it; lax: links from other sites do, too, which nothing here reads; none: pages of other sites in ALLOWED_ORIGINS can use it, if their browser lets third-party cookies through, and the check of Origin alone holds off forged requests. Default: strict.",
    ),
  TRUSTED_PROXIES: proxies
    .prefault('')
    .describe('Comma-separated addresses or networks whose X-Forwarded-For is believed. Default: none.'),
  GATEHOUSE_FEDERATION: flag
    .prefault('false')
    .describe(
      'Whether the schema is served as a subgraph of Apollo Federation 2; needs @apollo/subgraph. Default: false.',
    ),
  INTROSPECTION: flag.optional().describe('Whether the schema can be asked for. Default: true in development only.'),
  HOT_LANE: flag
    .prefault('true')
    .describe(
      'Whether an operation that Apollo Server has once admitted is answered past its pipeline from then on. Default: true.',
    ),
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
  REQUESTS_MAX: wholeNumber(2, 1_000_000)
    .optional()
    .describe(
      "Operations in progress; one more is SERVICE_UNAVAILABLE, and one of a stranger's beyond half of them. Default: 100, and twice the hashings that may run or wait.",
    ),
  SHUTDOWN_NOTICE_SECONDS: wholeNumber(0, 60)
    .prefault('0')
    .describe('At a stop, how long /health/ready says no before new connections are refused. Default: 0.'),
  METRICS_PORT: wholeNumber(0, 65_535)
    .optional()
    .describe(
      'Port of the metrics, GET /metrics in the format of Prometheus; 0 takes a free one. Of several processes (GATEHOUSE_WORKERS) each takes the next port. Default: none are kept.',
    ),
  METRICS_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address that the metrics listen on; never one that strangers reach. Default: 127.0.0.1.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be trace, debug, info, warn, error, fatal or silent',
    })
    .default('info')
    .describe('Least severe level that is logged. Default: info.'),
});

/** The settings as they were read, defaults filled in. */
export type Settings = z.infer<typeof settings>;
