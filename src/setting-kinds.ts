import { isIP } from 'node:net';
import { z } from 'zod';
import type { MailSender, SmtpServer } from './platform/mail/smtp-mailer.js';
import { ROLE_NAME } from './platform/role-name.js';
import { isScopeToken } from './platform/scope-token.js';

const SECRET_BYTES_MIN = 32;
const LIMIT_SECONDS_MAX = 604_800;
/** 32 random bytes hold about 30 distinct values; a typed or repeated sample holds far fewer. */
const SECRET_DISTINCT_BYTES_MIN = 16;

/** A whole number in a range, both ends included. */
export const wholeNumber = (min: number, max: number) =>
  z.string().transform((text, context) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    context.addIssue({ code: 'custom', message: `must be a whole number from ${min} to ${max}` });
    return z.NEVER;
  });

/** true or false. */
export const flag = z.enum(['true', 'false'], { error: 'must be true or false' }).transform((text) => text === 'true');

const list = (text: string) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** An http or https URL without a user or password. */
export const httpUrl = z.string().refine((text) => {
  const url = parseUrl(text);
  return (
    url !== null &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.hash === ''
  );
}, 'must be an http or https URL');

/** A postgresql:// URL. */
export const databaseUrl = z
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

/** Secrets of 32 random bytes or more, in base64url, separated by commas. */
export const secrets = z.string().transform((text, context) => {
  const entries = list(text);
  if (entries.length === 0) context.addIssue({ code: 'custom', message: 'must hold at least one secret' });
  entries.forEach((entry, index) => {
    const fault = secretFault(entry);
    if (fault !== null) context.addIssue({ code: 'custom', message: `secret ${index + 1} ${fault}` });
  });
  if (new Set(entries).size < entries.length) context.addIssue({ code: 'custom', message: 'holds one secret twice' });
  return entries.map((entry) => Buffer.from(entry, 'base64url'));
});

/** A redis:// or rediss:// URL. */
export const redisUrl = z
  .string()
  .refine(
    (text) => ['redis:', 'rediss:'].includes(parseUrl(text)?.protocol ?? ''),
    'must be a redis:// or rediss:// URL (its text is not shown: it may hold a password)',
  );

const roleScopesShape = z.record(z.string().regex(ROLE_NAME), z.array(z.string().refine(isScopeToken)));

/** A JSON object: scopes by the name of the role that brings them. */
export const roleScopes = z.string().transform((text, context) => {
  const parsed = roleScopesShape.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const message = 'must be a JSON object of roles and lists of scopes, such as {"EDITOR":["notes:read","notes:write"]}';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Origins (RFC 6454), separated by commas. */
export const origins = z.string().transform((text, context) => {
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

/** Addresses, networks, or the names of some, separated by commas. */
export const proxies = z.string().transform((text, context) => {
  const entries = list(text);
  for (const entry of entries) {
    if (!isProxy(entry)) {
      context.addIssue({ code: 'custom', message: `"${entry}" is neither an address, a network, nor loopback` });
    }
  }
  return entries;
});

/** So many points in so many seconds, such as 10/900. */
export const allowance = z.string().transform((text, context) => {
  const [, points = '', seconds = ''] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  const parsed = { points: Number(points), seconds: Number(seconds) };
  if (parsed.points >= 1 && parsed.seconds >= 1 && parsed.seconds <= LIMIT_SECONDS_MAX) return parsed;
  const message = `must be points/seconds such as 10/900: at least 1 point, and from 1 to ${LIMIT_SECONDS_MAX} seconds`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const SMTP_PORTS = { 'smtps:': 465, 'smtp:': 587 };
const LOCAL_SMTP_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

function smtpServerOf(text: string): SmtpServer | null {
  const url = parseUrl(text);
  if (url === null || (url.protocol !== 'smtp:' && url.protocol !== 'smtps:')) return null;
  const { hostname, protocol, port, pathname, search, hash } = url;
  const isOff = search === '?tls=off' && protocol === 'smtp:';
  if (hostname === '' || !['', '/'].includes(pathname) || hash !== '' || (search !== '' && !isOff)) return null;
  const user = decoded(url.username);
  const pass = decoded(url.password);
  if (user === null || pass === null || (user === '') !== (pass === '')) return null;
  // What never leaves this machine needs no TLS; what does is upgraded, or the links in it could be read on the way.
  const upgrade = LOCAL_SMTP_HOSTS.includes(hostname) ? 'offered' : 'upgrade';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? SMTP_PORTS[protocol] : Number(port),
    tls: protocol === 'smtps:' ? 'start' : isOff ? 'off' : upgrade,
    credential: user === '' ? null : { user, pass },
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** An smtp:// or smtps:// URL, or `none`. */
export const smtpUrl = z.string().transform((text, context): SmtpServer | 'none' => {
  const server = text === 'none' ? text : smtpServerOf(text);
  if (server !== null) return server;
  const message = 'must be an smtp:// or smtps:// URL, or none (its text is not shown: it may hold a password)';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const ADDRESS = "[a-zA-Z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[a-zA-Z0-9.-]{1,255}";
const SENDER = new RegExp(`^(?:(${ADDRESS})|([^<>"\\p{C}\\p{Zl}\\p{Zp}]{1,100}) <(${ADDRESS})>)$`, 'u');

/** One address, with or without a name. */
export const mailSender = z.string().transform((text, context): MailSender => {
  const [, bare, name = '', named] = SENDER.exec(text) ?? [];
  const address = bare ?? named;
  if (address !== undefined) return { name, address };
  context.addIssue({
    code: 'custom',
    message: 'must be an address, or a name and an address such as Example <no-reply@example.org>',
  });
  return z.NEVER;
});
