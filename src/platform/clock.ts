/** Where all time comes from: the only file that reads the machine's clocks, so that tests can move it. */
export interface Clock {
  /** The wall clock. */
  now(): Date;
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  monotonicMs(): number;
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};

/** Whole seconds since the epoch, cut down (RFC 7519 2, NumericDate). */
export function toEpochSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

/** `time` plus a number of seconds. */
export function addSeconds(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}

/** The earlier of two times. */
export function earlier(one: Date, other: Date): Date {
  return one.getTime() <= other.getTime() ? one : other;
}
