import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { createLogSink } from './log-sink.js';

/** `isLevelEnabled` saves what a line that is not written would cost; a logger need not have it. */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'> &
  Partial<Pick<PinoLogger, 'isLevelEnabled'>>;

/** Names whose values never reach a log line, wherever in the first levels they stand. */
const SECRET_NAMES = new Set([
  'password',
  'currentpassword',
  'newpassword',
  'refreshtoken',
  'accesstoken',
  'devicetoken',
  'authorization',
  'cookie',
  'set-cookie',
  'token',
  'secret',
]);
const LEVELS_MAX = 5;

/**
 * What is to be logged, less the values of secret names. By hand, as every request is logged: pino's own redaction made
 * a line ten times as dear.
 */
function censored<Value>(value: Value, level = 0): Value {
  if (typeof value !== 'object' || value === null || level === LEVELS_MAX) return value;
  if ('toJSON' in value) return value;
  const entries = value as Record<string, unknown>;
  let copy: Record<string, unknown> | null = null;
  for (const name of Object.keys(entries)) {
    const before = entries[name];
    // Its serializer comes after this one, and needs it whole.
    if (name === 'err' && before instanceof Error) continue;
    const after = SECRET_NAMES.has(name.toLowerCase()) ? '[redacted]' : censored(before, level + 1);
    if (after === before) continue;
    copy ??= (Array.isArray(value) ? [...value] : { ...entries }) as Record<string, unknown>;
    copy[name] = after;
  }
  return (copy ?? value) as Value;
}

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
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (line: Record<string, unknown>) => censored(line),
    },
    serializers: { err: (error: Error) => censored(pino.stdSerializers.err(error)) },
    hooks: { streamWrite: safeLine },
  };
  return pino(options, destination);
}
