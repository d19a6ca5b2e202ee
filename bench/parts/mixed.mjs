import { comparedRates, contestant, ratesTable, ratioOf } from '../compare.mjs';

export const title = 'A mixed day: 90 % `me`, 9 % `refreshToken`, 1 % `login`';
export const about = 'Hashing takes one core whole as soon as one request in a hundred is a login.';

export async function run(stage) {
  const { rounds, seconds } = stage.options;
  const database = await stage.database();
  const [gateway, floor] = [await stage.gateway(database), await stage.floor(database)];
  const mix = { me: 90, refresh: 9, login: 1 };
  const turn = (url) => contestant({ url, pick: () => database.people.pick(16), mix, seconds });
  const rates = await comparedRates({ rounds, contestants: { gateway: turn(gateway.url), floor: turn(floor.url) } });
  return {
    ...ratesTable(rates, ['floor']),
    ratios: [{ label: 'mixed day ÷ floor', value: ratioOf(rates.gateway, rates.floor) }],
  };
}
