import type { Platform } from './types.js';

/** Does one piece of work at a time; the work learns whether it had to wait. */
export type Exclusively = <Result>(work: () => Promise<Result>, hurry?: Promise<unknown>) => Promise<Result>;

/**
 * Makes the queue of all that uses or changes the refresh token: in this tab, and by a Web Lock in all tabs of the
 * origin. Who has waited `waitMs` for other tabs goes ahead: a tab that hangs must not hold up the others, and the
 * gateway's grace window keeps that harmless. `hurry` ends the wait before.
 */
export function createExclusively(needs: { platform: Platform; name: string; waitMs: number }): Exclusively {
  const { platform, name, waitMs } = needs;
  const { locks } = platform;
  let last: Promise<unknown> = Promise.resolve();

  const acrossTabs: Exclusively = async (work, hurry = new Promise(() => {})) => {
    if (locks === null) return work();
    const waiting = new AbortController();
    let isGranted = false;
    const timer = setTimeout(() => waiting.abort(), waitMs);
    void hurry.then(() => waiting.abort());
    try {
      return await locks.request(name, { signal: waiting.signal }, () => {
        isGranted = true;
        return work();
      });
    } catch (error) {
      // Not granted: waited too long, or this page may not use locks at all.
      if (isGranted) throw error;
      return work();
    } finally {
      clearTimeout(timer);
    }
  };
  return (work, hurry) => {
    const done = last.then(() => acrossTabs(work, hurry));
    last = done.catch(() => {});
    return done;
  };
}
