import type { Clock } from '../../src/platform/clock.js';
import { systemClock } from '../../src/platform/clock.js';

/** A clock that stands still until it is moved. Its monotonic side is the machine's. */
export interface FakeClock extends Clock {
  /** Moves the clock; backwards, where `seconds` is negative. */
  advance(seconds: number): void;
}

/** A clock that stands at the present, cut to the second. */
export function createFakeClock(): FakeClock {
  let now = Math.floor(systemClock.now().getTime() / 1000) * 1000;
  return {
    now: () => new Date(now),
    monotonicMs: () => systemClock.monotonicMs(),
    advance: (seconds) => {
      now += seconds * 1000;
    },
  };
}
