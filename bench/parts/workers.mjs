import { comparedRates, contestant, median, ratioOf, rounded } from '../compare.mjs';

export const title = 'Two processes on one machine (GATEHOUSE_WORKERS=2)';
export const about = 'The load and the database share the cores with both.';

export async function run(stage) {
  const { rounds, seconds } = stage.options;
  const database = await stage.database();
  const env = (workers) => ({ env: { GATEHOUSE_WORKERS: String(workers), HASH_WORKERS: '' } });
  const [one, two] = [await stage.gateway(database, env(1)), await stage.gateway(database, env(2))];
  const rows = [];
  const ratios = [];
  for (const name of ['me', 'refresh', 'login']) {
    const turn = ({ url }) => contestant({ url, pick: () => database.people.pick(16), mix: { [name]: 1 }, seconds });
    const rates = await comparedRates({ rounds, contestants: { one: turn(one), two: turn(two) } });
    const ratio = ratioOf(rates.two, rates.one);
    rows.push([name, rounded(median(rates.one)), rounded(median(rates.two)), ratio.toFixed(2)]);
    ratios.push({ label: `${name}, two processes ÷ one`, value: ratio });
  }
  return { columns: ['', 'one, requests/s', 'two, requests/s', 'ratio'], rows, ratios };
}
