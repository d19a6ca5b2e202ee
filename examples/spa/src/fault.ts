import { CombinedGraphQLErrors } from '@apollo/client';
import { AuthClientError } from '@gatehouse/client';

/** What went wrong on the way to the gateway or in it; failures that a form expects are data, not faults. */
export interface Fault {
  /** The gateway's code; `UNREACHABLE`: no answer came. */
  readonly code: string;
  readonly reason?: string;
  readonly retryAfter?: number;
  /** The path of the malformed argument, e.g. `['input', 'email']`. */
  readonly argument?: readonly string[];
}

/** Reads a fault off whatever the auth client or Apollo Client threw. */
export function faultOf(error: unknown): Fault {
  if (error instanceof AuthClientError) return error.extensions;
  if (!CombinedGraphQLErrors.is(error)) return { code: 'UNREACHABLE' };
  return { code: 'INTERNAL_SERVER_ERROR', ...error.errors[0]?.extensions };
}

/** Says a fault in words, and what to do about it. */
export function explain({ code, reason, retryAfter }: Fault): string {
  const inAWhile = whenFrom(retryAfter);
  switch (code) {
    case 'UNREACHABLE':
      return 'The gateway can’t be reached. Check your connection and try again.';
    case 'SERVICE_UNAVAILABLE':
      return `The gateway is busy. Try again ${inAWhile}.`;
    case 'RATE_LIMITED':
      return `Too many tries. Try again ${inAWhile}.`;
    case 'FORBIDDEN':
      if (reason === 'STALE_AUTHENTICATION') return 'That needs your password.';
      return reason === 'ORIGIN_NOT_ALLOWED'
        ? `The gateway does not allow pages of ${location.origin} to sign in: its ALLOWED_ORIGINS must name it.`
        : 'You are not allowed to do that.';
    default:
      return 'Something went wrong at the gateway. Try again.';
  }
}

function whenFrom(seconds: number | undefined): string {
  if (seconds === undefined) return 'in a moment';
  return seconds < 120 ? `in ${seconds} s` : `in ${Math.ceil(seconds / 60)} minutes`;
}
