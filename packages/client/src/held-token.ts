import type { Platform, User } from './types.js';

/** An access token in memory, and how old it was when; no clock but the machine's own steps is asked. */
export interface HeldToken {
  readonly accessToken: string;
  readonly user: User;
  /** How long it lives from its answer on, by the server's `expiresIn`. */
  readonly ttlMs: number;
  /** When its answer came, by this machine's wall clock, which all tabs share. */
  readonly at: number;
  /** The same moment, by this tab's steady clock. */
  readonly steadyAt: number;
}

const LEAD_MS = 30_000;
const LEAD_SHARE = 0.1;

/**
 * Milliseconds until the token expires. A steady clock may stand still while a laptop sleeps, a wall clock may be set:
 * whichever has gone farther counts. That a clock is wrong does not matter, as only its steps are looked at.
 */
export function remainingMs({ ttlMs, at, steadyAt }: HeldToken, { wallMs, monotonicMs }: Platform): number {
  return ttlMs - Math.max(wallMs() - at, monotonicMs() - steadyAt);
}

/** Whether a request sent now would surely arrive before the token expires. */
export function isFresh(token: HeldToken, platform: Platform): boolean {
  return remainingMs(token, platform) > Math.min(LEAD_MS, token.ttlMs * LEAD_SHARE);
}
