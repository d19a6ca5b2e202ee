import { comparedRates, contestant, ratesTable, ratioOf } from '../compare.mjs';

export const title = '`refreshToken`: one rotation after the other';
export const about = 'Each connection rotates a session of its own, and uses what it was given.';

export async function run(stage) {
  const { rounds, seconds } = stage.options;
  const database = await stage.database();
  const [gateway, floor] = [await stage.gateway(database), await stage.floor(database)];
  const mix = { refresh: 1 };
  const turn = (url) => contestant({ url, pick: () => database.people.pick(16), mix, seconds });
  const rates = await comparedRates({ rounds, contestants: { gateway: turn(gateway.url), floor: turn(floor.url) } });
  return {
    ...ratesTable(rates, ['floor']),
    ratios: [{ label: 'refreshToken ÷ floor', value: ratioOf(rates.gateway, rates.floor), atLeast: 0.5 }],
  };
}
