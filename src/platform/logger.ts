import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { createLogSink } from './log-sink.js';

export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/** Names whose values never reach a log line, wherever in the first three levels they stand. */
const SECRET_NAMES = [
  'password',
  'currentPassword',
  'newPassword',
  'refreshToken',
  'accessToken',
  'deviceToken',
  'authorization',
  'cookie',
  'token',
  'secret',
];

const REDACTED_PATHS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*["set-${name}"]`]);

/** The shapes of our own tokens, should one stand in the text of somebody's error: `gh?_…`, and a JWT's three parts. */
const TOKENS = /\bgh[a-z]_[\w-]{16,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
/** What JSON lets through, and a terminal or a reader of lines takes for more than a character: DEL, C1, separators, bidi. */
const UNSEEN = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The line as it is written: one line for every reader of it, and no token in it. */
function safeLine(line: string): string {
  return line
    .replace(TOKENS, '[redacted]')
    .replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A JSON logger, a line an event; `destination` is standard output unless given. */
export function createLogger(level: string, destination: DestinationStream = createLogSink()): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    hooks: { streamWrite: safeLine },
  };
  return pino(options, destination);
}
