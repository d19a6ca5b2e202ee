import { addSeconds } from '../platform/clock.js';
import type { Allowance } from '../platform/limits/limit.js';

/** How often a session was refreshed of late; counted in its own row, by the statement that answers the refresh. */
export interface CountedRefreshes {
  refreshesCountedFrom: Date | null;
  refreshesCounted: number;
}

/** Seconds until a session may be refreshed again; null: it may now. */
export function refreshWaitSeconds(needs: {
  session: CountedRefreshes;
  allowance: Allowance;
  now: Date;
}): number | null {
  const { session, allowance, now } = needs;
  const { refreshesCountedFrom: from, refreshesCounted } = session;
  if (from === null || refreshesCounted < allowance.points) return null;
  const waitMs = addSeconds(from, allowance.seconds).getTime() - now.getTime();
  return waitMs <= 0 ? null : Math.ceil(waitMs / 1000);
}
