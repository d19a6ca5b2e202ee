/** What a comparison of two lists of times found. */
export interface Separation {
  /** Of the Mann-Whitney U test, two-sided: how likely times that differ so much are where nothing differs. */
  p: number;
  /** Between the medians, as a share of the smaller one. */
  medianGap: number;
}

const P_MIN = 0.01;
const MEDIAN_GAP_MAX = 0.05;

/** Whether somebody who measures could tell the two apart: both tests must say so. */
export function isSeparable({ p, medianGap }: Separation): boolean {
  return p <= P_MIN && medianGap >= MEDIAN_GAP_MAX;
}

/** Compares times of answers of two kinds. */
export function separationOf(one: readonly number[], other: readonly number[]): Separation {
  const [first, second] = [medianOf(one), medianOf(other)];
  return { p: mannWhitney(one, other), medianGap: Math.abs(first - second) / Math.min(first, second) };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

/** By the normal approximation, which is good from some twenty values a side; times in fractions of a microsecond hardly tie. */
function mannWhitney(one: readonly number[], other: readonly number[]): number {
  const ranked = [...one.map((value) => ({ value, isOne: true })), ...other.map((value) => ({ value, isOne: false }))];
  ranked.sort((a, b) => a.value - b.value);
  const rankSum = ranked.reduce((sum, { isOne }, index) => (isOne ? sum + index + 1 : sum), 0);
  const u = rankSum - (one.length * (one.length + 1)) / 2;
  const mean = (one.length * other.length) / 2;
  const deviation = Math.sqrt((one.length * other.length * (one.length + other.length + 1)) / 12);
  return 2 * (1 - normalBelow(Math.abs(u - mean) / deviation));
}

/** Abramowitz and Stegun 26.2.17; wrong by less than 1e-7. */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.231_641_9 * z);
  const factors = [0.319_381_53, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
  const sum = factors.reduce((total, factor, index) => total + factor * t ** (index + 1), 0);
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}
