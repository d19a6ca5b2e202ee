import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sharesOf } from '../src/command-line/worker-processes.js';
import { ConfigError, isLoopbackHost, loadConfig } from '../src/config.js';
import { LIMIT_NAMES } from '../src/platform/limits/limit.js';
import { settings } from '../src/settings.js';

const MACHINE = { cores: 4 };
const secret = () => randomBytes(32).toString('base64url');
const load = (environment: Record<string, string | undefined>) => loadConfig(environment, MACHINE);

/** What production asks for. */
const production = () => ({
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://gatehouse@db.internal/gatehouse',
  REFRESH_TOKEN_SECRETS: secret(),
  SIGNING_KEYS_FILE: '/run/secrets/signing-keys.json',
  SMTP_URL: 'smtps://gatehouse:secret@mail.internal',
  MAIL_FROM: 'Example <no-reply@example.org>',
});

function faultsOf(environment: Record<string, string | undefined>): readonly string[] {
  try {
    load(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults;
  }
}

/** The names that the faults begin with. */
const faultyNames = (environment: Record<string, string | undefined>) =>
  faultsOf(environment).map((fault) => fault.split(' ')[0]);

describe('the settings', () => {
  it('are those that the documentation names', () => {
    const names = `NODE_ENV HOST PORT PUBLIC_URL DATABASE_URL DATABASE_DIRECT_URL DATABASE_SCHEMA DATABASE_POOL_MAX
      GATEHOUSE_DATA_DIR REFRESH_TOKEN_SECRETS SIGNING_KEYS_FILE KEY_ENCRYPTION_KEYS SIGNING_KEY_ROTATION_DAYS
      JWT_ISSUER JWT_AUDIENCE ACCESS_TOKEN_TTL_SECONDS
      SESSION_IDLE_TTL_SECONDS SESSION_ABSOLUTE_TTL_SECONDS SESSIONS_PER_USER_MAX REFRESH_GRACE_SECONDS
      REFRESH_LOST_ANSWER_SECONDS PASSWORD_MIN_LENGTH BCRYPT_COST HASH_WORKERS HASH_QUEUE_MAX ALLOWED_ORIGINS
      COOKIE_SAME_SITE TRUSTED_PROXIES INTROSPECTION LOG_LEVEL
      BREACHED_PASSWORDS_URL SMTP_URL MAIL_FROM ACCOUNT_PAGES_URL`.split(/\s+/);
    expect(Object.keys(settings.shape)).toEqual(expect.arrayContaining(names));
    for (const [name, setting] of Object.entries(settings.shape)) {
      expect([name, setting.description]).toEqual([name, expect.stringMatching(/Default: /)]);
    }
  });

  it('have defaults for development, all of them', () => {
    expect(load({})).toMatchObject({
      isProduction: false,
      host: '127.0.0.1',
      port: 4000,
      publicUrl: 'http://localhost:4000',
      databaseUrl: null,
      databaseDirectUrl: null,
      databaseSchema: 'gatehouse',
      databasePoolMax: 10,
      dataDir: '.gatehouse',
      refreshTokenSecrets: null,
      signingKeysFile: null,
      keyEncryptionKeys: null,
      signingKeyRotationDays: 30,
      jwtIssuer: 'http://localhost:4000',
      jwtAudience: 'http://localhost:4000',
      accessTokenTtlSeconds: 900,
      sessionIdleTtlSeconds: 604_800,
      sessionAbsoluteTtlSeconds: 2_592_000,
      sessionsPerUserMax: 50,
      refreshGraceSeconds: 10,
      refreshLostAnswerSeconds: 86_400,
      passwordMinLength: 15,
      bcryptCost: 12,
      hashWorkers: 3,
      hashQueueMax: 120,
      allowedOrigins: 'local',
      ownOrigin: 'http://localhost:4000',
      cookieSameSite: 'strict',
      isCookieSecure: false,
      trustedProxies: [],
      hasIntrospection: true,
      logLevel: 'info',
    });
  });

  it('share what hashes among the processes, each with a thread of its own, within the cores', () => {
    expect(load({ GATEHOUSE_WORKERS: '4' })).toMatchObject({ workers: 4, hashWorkers: 4 });
    expect(load({ GATEHOUSE_WORKERS: '2' })).toMatchObject({ workers: 2, hashWorkers: 3 });
    expect(sharesOf({ total: 3, count: 2 })).toEqual([2, 1]);
    expect(sharesOf({ total: 4, count: 4 })).toEqual([1, 1, 1, 1]);
    expect(() => load({ GATEHOUSE_WORKERS: '5' })).toThrow('GATEHOUSE_WORKERS is more than the number of cores, 4');
    expect(() => load({ GATEHOUSE_WORKERS: '3', HASH_WORKERS: '2' })).toThrow('HASH_WORKERS is less than');
  });

  it('follow one another where only one is given', () => {
    expect(loadConfig({}, { cores: 1 })).toMatchObject({ hashWorkers: 1, hashQueueMax: 40 });
    expect(load({ PORT: '4001' })).toMatchObject({
      publicUrl: 'http://localhost:4001',
      jwtIssuer: 'http://localhost:4001',
    });
    expect(load({ PUBLIC_URL: 'https://a.example' })).toMatchObject({
      jwtIssuer: 'https://a.example',
      jwtAudience: 'https://a.example',
    });
    expect(load({ JWT_ISSUER: 'x' })).toMatchObject({ jwtIssuer: 'x', jwtAudience: 'x' });
    const url = 'postgresql://db/one';
    expect(load({ DATABASE_URL: url })).toMatchObject({ databaseUrl: url, databaseDirectUrl: url });
    const directUrl = 'postgres://db/two';
    expect(load({ DATABASE_URL: url, DATABASE_DIRECT_URL: directUrl }).databaseDirectUrl).toBe(directUrl);
    expect(load(production())).toMatchObject({ isProduction: true, allowedOrigins: [], hasIntrospection: false });
    expect(load({ ...production(), INTROSPECTION: 'true' }).hasIntrospection).toBe(true);
  });

  it('count as unset where they are empty', () => {
    const empty = Object.fromEntries(Object.keys(settings.shape).map((name) => [name, '']));
    expect(load(empty)).toEqual(load({}));
    expect(faultyNames({ ...production(), DATABASE_URL: '' })).toEqual(['DATABASE_URL']);
  });

  it('B2: limit what they say, the defaults where they say nothing, all faults at once', () => {
    expect(load({ LIMIT_CODE_ACCOUNT: '1/604800' }).allowances).toEqual({
      LOGIN_ACCOUNT_NETWORK: { points: 10, seconds: 900 },
      LOGIN_NETWORK: { points: 100, seconds: 900 },
      LOGIN_ACCOUNT_UNKNOWN_DEVICES: { points: 50, seconds: 3600 },
      LOGIN_DEVICE: { points: 20, seconds: 900 },
      REGISTER_NETWORK: { points: 10, seconds: 3600 },
      CODE_ACCOUNT: { points: 1, seconds: 604_800 },
      MAIL_ADDRESS: { points: 3, seconds: 3600 },
      MAIL_NETWORK: { points: 20, seconds: 3600 },
      REFRESH_SESSION: { points: 60, seconds: 900 },
      REFRESH_REFUSED_NETWORK: { points: 100, seconds: 900 },
    });
    const wrong = { LIMIT_CODE_ACCOUNT: 'none', LIMIT_LOGIN_NETWORK: '0/0', PORT: 'x' };
    expect(faultyNames(wrong).sort()).toEqual(Object.keys(wrong).sort());
  });

  it('take values of a few seconds', () => {
    const short = {
      ACCESS_TOKEN_TTL_SECONDS: '1',
      SESSION_IDLE_TTL_SECONDS: '2',
      SESSION_ABSOLUTE_TTL_SECONDS: '3',
      REFRESH_GRACE_SECONDS: '0',
      REFRESH_LOST_ANSWER_SECONDS: '0',
    };
    expect(load(short)).toMatchObject({
      accessTokenTtlSeconds: 1,
      sessionIdleTtlSeconds: 2,
      sessionAbsoluteTtlSeconds: 3,
      refreshGraceSeconds: 0,
      refreshLostAnswerSeconds: 0,
    });
  });

  it('are left alone by everything else in the environment', () => {
    expect(load({ PATH: '/bin', GATEHOUSE: 'x', port: 'x', constructor: 'x', toString: 'x' })).toEqual(load({}));
  });

  const NO_ALLOWANCES = [
    '10',
    '0/900',
    '10/0',
    '10/604801',
    '-1/900',
    '10/900/1',
    '1.5/900',
    '10 / 900',
    'off',
    '9999999999/1',
  ];
  const WRONG: [name: string, ...values: string[]][] = [
    ['NODE_ENV', 'prod', 'PRODUCTION', 'production '],
    ['PORT', '-1', '65536', '4e3', '0x10', '4000 ', '٤', '99999999999999999999'],
    ['PUBLIC_URL', 'localhost', 'ftp://x', 'https://user:pw@x', 'https://x/#y', 'javascript:alert(1)'],
    ['DATABASE_URL', 'db', 'mysql://db/x', 'postgres//db', 'http://db'],
    ['DATABASE_SCHEMA', 'Gatehouse', 'a b', 'x"; DROP SCHEMA public; --', '1a', 'a'.repeat(49)],
    ['DATABASE_POOL_MAX', '0', '1001', '1.5'],
    ['ACCESS_TOKEN_TTL_SECONDS', '0', '3601', 'NaN', 'Infinity'],
    ['SESSION_IDLE_TTL_SECONDS', '0', '-5', '31536001'],
    ['SESSION_ABSOLUTE_TTL_SECONDS', '0', '31536001'],
    ['SESSIONS_PER_USER_MAX', '0', '10001'],
    ['REFRESH_GRACE_SECONDS', '-1', '301'],
    ['REFRESH_LOST_ANSWER_SECONDS', '-1', 'x'],
    ['PASSWORD_MIN_LENGTH', '7', '257', '0'],
    ['BCRYPT_COST', '9', '4', '17', '31'],
    ['HASH_WORKERS', '0', '257'],
    ['HASH_QUEUE_MAX', '0', '-1'],
    [
      'ALLOWED_ORIGINS',
      '*',
      'null',
      'https://x/',
      'https://x/path',
      'x.example',
      'https://x,*',
      'file:///x',
      'HTTPS://X',
    ],
    ['COOKIE_SAME_SITE', 'Strict', 'no', 'true', 'strict;Domain=example.org'],
    ['TRUSTED_PROXIES', 'all', '*', '10.0.0.0/33', '::/129', '10.0.0.256', 'true', '10.0.0.0/8/8', 'proxy.internal'],
    ['INTROSPECTION', 'yes', '1', 'TRUE'],
    ['LOG_LEVEL', 'verbose', 'INFO'],
    ['REDIS_URL', 'redis', 'http://redis', 'localhost:6379'],
    ['AUDIT_RETENTION_DAYS', '-1', '36501'],
    ['HOUSEKEEPING_SECONDS', '-1', '86401'],
    ...LIMIT_NAMES.map((limit): [string, ...string[]] => [`LIMIT_${limit}`, ...NO_ALLOWANCES]),
  ];
  it.each(WRONG)('refuse what makes no sense, by name: %s', (name, ...values) => {
    for (const value of values) expect([value, faultyNames({ [name]: value })]).toEqual([value, [name]]);
  });

  const CONTRADICTIONS: [string, Record<string, string>][] = [
    ['METRICS_PORT', { PORT: '9464', METRICS_PORT: '9464' }],
    [
      'SESSION_IDLE_TTL_SECONDS',
      { SESSION_IDLE_TTL_SECONDS: '100', SESSION_ABSOLUTE_TTL_SECONDS: '99', ACCESS_TOKEN_TTL_SECONDS: '9' },
    ],
    ['ACCESS_TOKEN_TTL_SECONDS', { ACCESS_TOKEN_TTL_SECONDS: '901', SESSION_IDLE_TTL_SECONDS: '900' }],
    ['REFRESH_GRACE_SECONDS', { REFRESH_GRACE_SECONDS: '11', REFRESH_LOST_ANSWER_SECONDS: '10' }],
    [
      'REFRESH_GRACE_SECONDS',
      { REFRESH_GRACE_SECONDS: '61', SESSION_IDLE_TTL_SECONDS: '60', ACCESS_TOKEN_TTL_SECONDS: '60' },
    ],
    ['DATABASE_URL', { DATABASE_DIRECT_URL: 'postgresql://db/x' }],
    ['COOKIE_SAME_SITE', { COOKIE_SAME_SITE: 'none' }],
    ['COOKIE_SAME_SITE', { COOKIE_SAME_SITE: 'none', PUBLIC_URL: 'http://auth.example.org' }],
  ];
  it.each(CONTRADICTIONS)('refuse what contradicts itself: %s in %j', (name, environment) => {
    expect(faultyNames(environment)).toEqual([name]);
  });

  it('make a cookie for https, in production and wherever PUBLIC_URL is https', () => {
    const PUBLIC_URL = 'https://auth.example.org:8443/gateway/';
    const secure = { isCookieSecure: true, ownOrigin: 'https://auth.example.org:8443' };
    expect(load({ PUBLIC_URL, COOKIE_SAME_SITE: 'none' })).toMatchObject({ ...secure, cookieSameSite: 'none' });
    expect(load({ ...production(), PUBLIC_URL })).toMatchObject(secure);
    expect(load({ PUBLIC_URL: 'http://localhost:80/' })).toMatchObject({
      isCookieSecure: false,
      ownOrigin: 'http://localhost',
    });
    // In production a guess is nobody's origin; whether a proxy ends TLS can't be told from PUBLIC_URL.
    expect(load(production())).toMatchObject({ isCookieSecure: true, ownOrigin: null });
    expect(load({ ...production(), COOKIE_SAME_SITE: 'none' })).toMatchObject({ cookieSameSite: 'none' });
  });

  it('name every fault at once, of values and between them', () => {
    const { message } = new ConfigError(['A is wrong', 'B is wrong']);
    expect(message.split('\n')).toEqual([expect.any(String), '  - A is wrong', '  - B is wrong']);
    const names = faultyNames({
      NODE_ENV: 'production',
      PORT: 'x',
      LOG_LEVEL: 'loud',
      SESSION_IDLE_TTL_SECONDS: '20000',
      SESSION_ABSOLUTE_TTL_SECONDS: '10000',
      REFRESH_TOKEN_SECRETS: 'short',
    });
    expect([...names].sort()).toEqual(
      [
        'DATABASE_URL',
        'LOG_LEVEL',
        'PORT',
        'REFRESH_TOKEN_SECRETS',
        'SESSION_IDLE_TTL_SECONDS',
        'KEY_ENCRYPTION_KEYS',
        'SMTP_URL',
      ].sort(),
    );
  });
});

describe('production', () => {
  it('O1: refuses to start without a database, secrets, keys and a way for mail, naming all of them', () => {
    expect(faultsOf({ NODE_ENV: 'production' })).toEqual(
      ['DATABASE_URL', 'REFRESH_TOKEN_SECRETS', 'SMTP_URL', 'KEY_ENCRYPTION_KEYS or SIGNING_KEYS_FILE'].map((name) =>
        expect.stringContaining(`${name} must be set in production`),
      ),
    );
    expect(faultsOf(production())).toEqual([]);
  });

  it('takes its signing keys from a file or from the database, and refuses to be told both', () => {
    const { SIGNING_KEYS_FILE, ...rest } = production();
    const KEY_ENCRYPTION_KEYS = `${secret()},${secret()}`;
    const inDatabase = load({ ...rest, KEY_ENCRYPTION_KEYS });
    expect([inDatabase.signingKeysFile, inDatabase.keyEncryptionKeys?.map(({ length }) => length)]).toEqual([
      null,
      [32, 32],
    ]);
    const faults = faultsOf({ ...rest, SIGNING_KEYS_FILE, KEY_ENCRYPTION_KEYS });
    expect(faults).toEqual([expect.stringContaining('both set')]);
    expect(faults.join()).not.toContain(KEY_ENCRYPTION_KEYS.slice(0, 20));
    expect(faultsOf({ ...rest, KEY_ENCRYPTION_KEYS: 'aaaa' })).toEqual([
      'KEY_ENCRYPTION_KEYS secret 1 has fewer than 32 bytes',
    ]);
    for (const [text, isTaken] of [
      ['0', true],
      ['1', true],
      ['3650', true],
      ['3651', false],
      ['-1', false],
      ['x', false],
    ] as const) {
      expect([text, faultyNames({ SIGNING_KEY_ROTATION_DAYS: text })]).toEqual([
        text,
        isTaken ? [] : ['SIGNING_KEY_ROTATION_DAYS'],
      ]);
    }
  });

  it('O2: is what holds where NODE_ENV is unset and HOST is not a loopback address', () => {
    for (const HOST of [
      '0.0.0.0',
      '::',
      '10.0.0.7',
      'gatehouse.internal',
      '128.0.0.1',
      '::ffff:127.0.0.1',
      'localhost.evil.test',
    ]) {
      expect([HOST, faultyNames({ HOST })]).toEqual([
        HOST,
        ['DATABASE_URL', 'REFRESH_TOKEN_SECRETS', 'SMTP_URL', 'KEY_ENCRYPTION_KEYS'],
      ]);
      const { NODE_ENV: _unset, ...others } = production();
      expect(load({ ...others, HOST })).toMatchObject({
        isProduction: true,
        hasIntrospection: false,
        allowedOrigins: [],
      });
    }
    for (const HOST of ['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]']) {
      expect([HOST, load({ HOST }).isProduction, isLoopbackHost(HOST)]).toEqual([HOST, false, true]);
    }
    expect(load({ ...production(), HOST: '127.0.0.1' }).isProduction).toBe(true);
    expect(load({ NODE_ENV: 'development', HOST: '0.0.0.0' }).isProduction).toBe(false);
  });
});

describe('the way of mail', () => {
  const smtpOf = (SMTP_URL: string) => load({ SMTP_URL, MAIL_FROM: 'no-reply@example.org' }).smtp;

  it('needs TLS wherever mail leaves this machine, unless it is told off', () => {
    const none = { credential: null };
    expect(smtpOf('smtps://ada:a%40b@mail.example.org')).toEqual({
      host: 'mail.example.org',
      port: 465,
      tls: 'start',
      credential: { user: 'ada', pass: 'a@b' },
    });
    expect(smtpOf('smtp://mail.example.org')).toEqual({ host: 'mail.example.org', port: 587, tls: 'upgrade', ...none });
    expect(smtpOf('smtp://mail.example.org:25?tls=off')).toMatchObject({ port: 25, tls: 'off' });
    expect(smtpOf('smtp://localhost:1025')).toMatchObject({ tls: 'offered' });
    expect(smtpOf('smtp://[::1]:1025')).toMatchObject({ host: '::1', tls: 'offered' });
    expect(smtpOf('none')).toBe('none');
  });

  it('is refused where it can not be used, or would turn on what prints secrets', () => {
    for (const url of [
      'http://mail.example.org',
      'smtp://',
      'smtp://user@mail.example.org',
      'smtp://mail.example.org/inbox',
      'smtp://mail.example.org?logger=true&debug=true',
      'smtps://mail.example.org?tls=off',
      'smtp://us%er:x@mail.example.org',
      'off',
    ]) {
      expect([url, faultyNames({ SMTP_URL: url, MAIL_FROM: 'a@example.org' })]).toEqual([url, ['SMTP_URL']]);
    }
  });

  it('has one sender', () => {
    expect(faultyNames({ SMTP_URL: 'smtp://localhost' })).toEqual(['MAIL_FROM']);
    expect(load({ MAIL_FROM: 'Grüße & Co. <no-reply@example.org>' }).mailFrom).toEqual({
      name: 'Grüße & Co.',
      address: 'no-reply@example.org',
    });
    for (const from of [
      'Example',
      'a@example.org, b@example.org',
      'a@example.org\r\nBcc: b@example.org',
      '<a@b.org>',
    ]) {
      expect([from, faultyNames({ MAIL_FROM: from })]).toEqual([from, ['MAIL_FROM']]);
    }
  });
});

describe('the secrets of refresh tokens', () => {
  const verdict = (REFRESH_TOKEN_SECRETS: string) => faultsOf({ REFRESH_TOKEN_SECRETS });

  it('O1: are refused where they are short, not base64url, or given twice', () => {
    const good = secret();
    expect(verdict(randomBytes(31).toString('base64url'))).toEqual([
      'REFRESH_TOKEN_SECRETS secret 1 has fewer than 32 bytes',
    ]);
    expect(verdict(`${good},shor`)).toEqual(['REFRESH_TOKEN_SECRETS secret 2 has fewer than 32 bytes']);
    expect(verdict(`${good}, ${good}`)).toEqual(['REFRESH_TOKEN_SECRETS holds one secret twice']);
    expect(verdict(' , ,')).toEqual(['REFRESH_TOKEN_SECRETS must hold at least one secret']);
    for (const text of [`${good}=`, `+/${good}`, `"${good}"`, `${good};${secret()}`]) {
      expect(verdict(text)).toEqual(['REFRESH_TOKEN_SECRETS secret 1 is not base64url']);
    }
  });

  it('O1: are refused where they are samples: repetitions, sequences, words', () => {
    const samples = [
      'A'.repeat(43),
      'change-me-'.repeat(6),
      'changeme'.repeat(8),
      'abcd'.repeat(12),
      'this-is-a-sample-secret-please-change-it-now-ok',
      'replace_this_by_thirty_two_or_more_random_bytes',
      'PUT-YOUR-SECRET-HERE-IT-MUST-BE-LONG-ENOUGH-THEN',
      Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64url'),
      Buffer.from(Array.from({ length: 32 }, (_, index) => 200 - 3 * index)).toString('base64url'),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
      Buffer.from('0123456789abcdef'.repeat(2)).toString('base64url'),
      '0123456789abcdef'.repeat(4),
      Buffer.alloc(32, 7).toString('base64url'),
    ];
    for (const sample of samples)
      expect([sample, verdict(sample)]).toEqual([sample, ['REFRESH_TOKEN_SECRETS secret 1 is not random']]);
  });

  it('are taken where they are random, one or several, the first first', () => {
    const bytes = [randomBytes(32), randomBytes(64)];
    const config = load({ REFRESH_TOKEN_SECRETS: bytes.map((entry) => entry.toString('base64url')).join(' , ') });
    expect(config.refreshTokenSecrets).toEqual(bytes);
  });

  it('are taken whatever 32 random bytes they are, in base64url or hexadecimal', () => {
    fc.assert(
      fc.property(fc.constantFrom('base64url', 'hex'), (encoding: 'base64url' | 'hex') => {
        expect(verdict(randomBytes(32).toString(encoding))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('whatever the environment holds', () => {
  const name = fc.constantFrom(...Object.keys(settings.shape));
  const number = fc.integer().map(String);
  const piece = fc.constantFrom(
    'postgresql://',
    'https://',
    'localhost',
    '10.0.0.0/8',
    ',',
    '=',
    '@',
    '\0',
    '%',
    'production',
  );
  const value = fc.oneof(
    fc.string(),
    number,
    fc.array(piece).map((pieces) => pieces.join('')),
    fc.constant(undefined),
  );

  it('throws nothing but ConfigError, with a fault at least', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value), (environment) => {
        try {
          load(environment);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect((error as ConfigError).faults.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('L1: never repeats a secret or a database URL, whatever is wrong with them or beside them', () => {
    const canary = 'cAnArY7hQ2';
    const around = fc.constantFrom(
      (text: string) => text,
      (text: string) => `${secret()},${text}`,
      (text: string) => `postgresql://user:${text}@db:99999/x`,
      (text: string) => `postgresql://user:${text}@db/x`,
      (text: string) => `mysql://user:${text}@db`,
      (text: string) => `smtp://user:${text}@mail/x?logger=true`,
      (text: string) => `${text}\n`,
      (text: string) => text.repeat(6),
    );
    const shown = ['REFRESH_TOKEN_SECRETS', 'DATABASE_URL', 'DATABASE_DIRECT_URL', 'SMTP_URL'];
    fc.assert(
      fc.property(fc.dictionary(name, value), around, fc.constantFrom(...shown), (environment, wrap, secretName) => {
        const all = { ...environment, NODE_ENV: 'production', PORT: 'x', [secretName]: wrap(canary) };
        const text = faultsOf(all).join('\n');
        expect(text).not.toBe('');
        expect(text).not.toContain(canary);
      }),
      { numRuns: 500 },
    );
  });
});
