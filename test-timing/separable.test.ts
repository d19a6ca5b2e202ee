import { describe, expect, it } from '@jest/globals';
import { isSeparable, separationOf } from './separable.js';

/** Values that look random and are the same each time. */
function sequence(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  });
}

describe('telling times apart', () => {
  const noise = (seed: number, middle: number) => sequence(300, seed).map((each) => middle + 10 * each);

  it('finds a difference of a tenth, and none where there is none', () => {
    expect(isSeparable(separationOf(noise(1, 70), noise(2, 77)))).toBe(true);
    expect(isSeparable(separationOf(noise(3, 70), noise(4, 70)))).toBe(false);
  });

  it('knows the p of a textbook', () => {
    // U = 2 of 5 and 5, by the normal approximation: z = 2.193.
    const { p, medianGap } = separationOf([1, 2, 3, 4, 7], [5, 6, 8, 9, 10]);
    expect(p).toBeCloseTo(0.0283, 3);
    expect(medianGap).toBeCloseTo(5 / 3, 9);
  });
});
