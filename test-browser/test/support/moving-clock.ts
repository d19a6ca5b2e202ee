import { type Clock, systemClock } from '../../../dist/src/platform/clock.js';

/** A clock for a gateway that goes as the machine's does, and can be moved. */
export interface MovingClock extends Clock {
  advance(seconds: number): void;
}

/** Begins at the present. */
export function createMovingClock(): MovingClock {
  let offsetMs = 0;
  return {
    now: () => new Date(systemClock.now().getTime() + offsetMs),
    monotonicMs: () => systemClock.monotonicMs(),
    advance: (seconds) => {
      offsetMs += seconds * 1000;
    },
  };
}
