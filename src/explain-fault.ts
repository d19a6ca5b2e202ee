import { WorkerFailed } from './command-line/worker-processes.js';
import { ConfigError } from './config.js';
import { SubgraphPackageMissing } from './graphql/federation/subgraph-package-missing.js';
import { EmbeddedPostgresError } from './platform/embedded-postgres/embedded-postgres-error.js';
import { RedisPackageMissing } from './platform/limits/redis-package-missing.js';
import { SigningKeysUnreadable } from './session/signing-key/signing-keys-unreadable.js';

interface CodedError {
  code?: string;
  port?: number;
  syscall?: string;
  message?: string;
}

const NO_ANSWER_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '57P03',
];
/** The driver's own words, which bear no code. */
const NO_ANSWER_TEXT = /timeout expired|connection timeout|connection terminated/i;
/** Every class of errors has a digit in it; names such as EPERM have none. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** A sentence for somebody at a terminal, never with a secret; a stack only where nobody foresaw the fault. */
export function explainFault(error: unknown): string {
  const worded = [
    ConfigError,
    EmbeddedPostgresError,
    SigningKeysUnreadable,
    SubgraphPackageMissing,
    RedisPackageMissing,
    WorkerFailed,
  ];
  const isWorded = worded.some((kind) => error instanceof kind);
  if (isWorded) return (error as Error).message;
  const coded = (error instanceof Object ? error : {}) as CodedError;
  const known = explainListening(coded) ?? explainDatabase(coded);
  if (known !== null) return known;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function explainListening({ code, port, syscall }: CodedError): string | null {
  if (syscall !== 'listen' && syscall !== 'getaddrinfo' && port === undefined) return null;
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken: stop what listens there, or set PORT (or METRICS_PORT) to another one.`;
  if (code === 'EACCES') return `Port ${port} may not be used by this account: set PORT (or METRICS_PORT).`;
  if (code === 'EADDRNOTAVAIL') return 'HOST is no address of this machine, or METRICS_HOST is none.';
  return null;
}

function explainDatabase({ code = '', syscall, message = '' }: CodedError): string | null {
  const isSocketGone = code === 'ENOENT' && syscall === 'connect';
  if (isSocketGone || NO_ANSWER_CODES.includes(code) || (code === '' && NO_ANSWER_TEXT.test(message))) {
    const shown = code === '' ? 'no connection in time' : code;
    return `The database that DATABASE_URL (or DATABASE_DIRECT_URL) names does not answer: ${shown}.`;
  }
  if (code === '28P01' || code === '28000') {
    return 'The database refuses the user or the password in DATABASE_URL (or DATABASE_DIRECT_URL).';
  }
  if (code === '3D000') return 'The server that DATABASE_URL names has no such database.';
  if (SQLSTATE.test(code)) return `The database refuses: ${message} (SQLSTATE ${code}).`;
  return null;
}
