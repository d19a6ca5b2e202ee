// Contestants in turns, several rounds in one run: what a machine does meanwhile hits all of them alike.
import { driveClosed } from './load/drive.mjs';

export const CONNECTIONS = 16;

export const median = (values) => {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** By name, what each contestant measured in each round; the order of turns changes from round to round. */
export async function inTurns({ rounds, contestants }) {
  const names = Object.keys(contestants);
  const measured = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const order = names.map((_, index) => names[(index + round) % names.length]);
    for (const name of order) measured[name].push(await contestants[name]());
  }
  return measured;
}

/** The median of the ratios of each round. */
export const ratioOf = (ours, theirs) => median(ours.map((value, round) => value / theirs[round]));

/** Rates of a closed loop of so many connections, after a short warm-up of each server. */
export function contestant({ url, dialect = 'gateway', pick, mix, seconds, connections = CONNECTIONS }) {
  let isWarm = false;
  // Picked anew for each load process: the tokens that one ended with are known to it alone.
  const drive = async (forSeconds) =>
    driveClosed({ url, dialect, people: await pick(), mix, connections, seconds: forSeconds });
  return async () => {
    if (!isWarm) await drive(Math.min(2, seconds));
    isWarm = true;
    return drive(seconds);
  };
}

/** Runs the contestants and takes one number out of each measurement. */
export async function comparedRates({ rounds, contestants, pick = ({ rate }) => rate }) {
  const measured = await inTurns({ rounds, contestants });
  return Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, all.map(pick)]));
}

/** What each contestant did, and how the gateway compares with the others. */
export const ratesTable = (rates, baselines) => ({
  columns: ['', 'requests/s (median)', 'lowest', 'highest', ...baselines.map((name) => `gateway ÷ ${name}`)],
  rows: Object.entries(rates).map(([name, all]) => [
    name,
    rounded(median(all)),
    rounded(Math.min(...all)),
    rounded(Math.max(...all)),
    ...baselines.map((baseline) => (name === 'gateway' ? ratioOf(all, rates[baseline]).toFixed(2) : '')),
  ]),
});

/** Three digits that count. */
export const rounded = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
