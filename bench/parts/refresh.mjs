import { comparedRates, contestant, ratesTable, ratioOf } from '../compare.mjs';

export const title = '`refreshToken`: one rotation after the other';
export const about = 'Each connection rotates a session of its own, and uses what it was given.';

export async function run(stage) {
  const { rounds, seconds } = stage.options;
  const database = await stage.database();
  const [gateway, floor] = [await stage.gateway(database), await stage.floor(database)];
  const people = () => database.people.pick(16);
  const mix = { refresh: 1 };
  // People are picked anew each time: the tokens that a round ended with are known to its load process alone.
  const turn = (url) => async () => contestant({ url, people: await people(), mix, seconds })();
  const rates = await comparedRates({ rounds, contestants: { gateway: turn(gateway.url), floor: turn(floor.url) } });
  return {
    ...ratesTable(rates, ['floor']),
    ratios: [{ label: 'refreshToken ÷ floor', value: ratioOf(rates.gateway, rates.floor), atLeast: 0.5 }],
  };
}
