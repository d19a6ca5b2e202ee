import { randomBytes, randomInt } from 'node:crypto';
import { V7Generator } from 'uuidv7';
import type { Clock } from './clock.js';

/** Where all randomness comes from: the only file that draws it. */
export interface Random {
  /** Bytes from the system's cryptographic generator. */
  bytes(length: number): Buffer;
  /** An even draw from 0 (inclusive) to 1 (exclusive). */
  fraction(): number;
  /** A new id (UUIDv7, RFC 9562 5.7), in the order of its making. */
  id(): string;
}

const FRACTION_STEPS = 2 ** 32;

/** Randomness from the system's cryptographic generator; ids take their time from `clock`. */
export function systemRandom(clock: Clock): Random {
  const generator = new V7Generator();
  return {
    bytes: (length) => randomBytes(length),
    fraction: () => randomInt(FRACTION_STEPS) / FRACTION_STEPS,
    id: () => generator.generateOrResetCore(clock.now().getTime(), 10_000).toString(),
  };
}
