import { LIMIT_NAMES } from '../../src/platform/limits/limit.js';

/** Settings under which no test meets a limit that is not its matter. */
export const generousLimits: Record<string, string> = Object.fromEntries(
  LIMIT_NAMES.map((name) => [`LIMIT_${name}`, '1000000/900']),
);
