import { ServiceUnavailable } from '../service-unavailable.js';

/** A statement that failed, without its parameters: they may hold what no log may hold. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  constructor(
    /** SQLSTATE, or the driver's own code; null where there is none. */
    readonly code: string | null,
    message: string,
  ) {
    super(message);
  }
}

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const READ_ONLY_SERVER = '25006';
const LOST_CONNECTION = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
];
const LOST_CONNECTION_TEXT =
  /connection terminated|not queryable|client has encountered a connection error|query runner already released/i;
const TIMED_OUT_TEXT =
  /timeout exceeded when trying to connect|query read timeout|connection terminated due to connection timeout/i;
/** Full, out of resources, a fault of its machine, statement or lock timed out: another try at once would only add to it. */
const BUSY_STATES = /^(53...|58000|58030|57014|55P03)$/;
/** A quota or a limit that is used up has no state of its own, unlike a disk that is full. */
const INTERNAL_ERROR = 'XX000';
const NO_ROOM_TEXT = /^could not (extend|write to|write block|create) /i;
const PASSING_STATES = /^(57P0[1-5]|25P03|08...)$/;

/** What of a driver's or TypeORM's error may be kept. */
export function toDatabaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { driverError } = (error ?? {}) as { driverError?: unknown };
  // By their fields, not by class: errors of Node's core come from another realm in some hosts.
  const { code, message } = (driverError ?? error ?? {}) as { code?: unknown; message?: unknown };
  return new DatabaseError(
    code === undefined ? null : String(code),
    typeof message === 'string' ? message : 'unknown database error',
  );
}

const STUCK_TEXT = /query read timeout/i;

/** Whether the driver has given up on an answer: the connection still waits for it, and must not be used again. */
export function isStuck(error: DatabaseError): boolean {
  return STUCK_TEXT.test(error.message);
}

/** Whether the same statement may well succeed in a moment. */
export function isPassing(error: DatabaseError): boolean {
  const { code, message } = error;
  if (TIMED_OUT_TEXT.test(message)) return false;
  if (code === null) return LOST_CONNECTION_TEXT.test(message);
  if ([SERIALIZATION_FAILURE, DEADLOCK, READ_ONLY_SERVER, ...LOST_CONNECTION].includes(code)) return true;
  return PASSING_STATES.test(code);
}

/** The error to show outside: `ServiceUnavailable` where the database is away, full or slow, else itself. */
export function outward(error: DatabaseError): Error {
  if (isBusy(error)) return new ServiceUnavailable('DATABASE_BUSY', 2, error);
  return isPassing(error) ? new ServiceUnavailable('DATABASE_AWAY', 2, error) : error;
}

function isBusy({ code, message }: DatabaseError): boolean {
  if (TIMED_OUT_TEXT.test(message)) return true;
  if (code === INTERNAL_ERROR) return NO_ROOM_TEXT.test(message);
  return code !== null && BUSY_STATES.test(code);
}
