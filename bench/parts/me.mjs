import { comparedRates, contestant, ratesTable, ratioOf } from '../compare.mjs';
import { betterAuthPeople } from './better-auth-people.mjs';

export const title = '`me`: who is calling?';
export const about =
  'Beside the floor, beside `get-session` of Better Auth with a bearer token, and beside the same gateway by the whole pipeline of ' +
  'Apollo Server (`HOT_LANE=false`).';
const WITHOUT_LANE = 'without the hot lane';

export async function run(stage) {
  const { rounds, seconds } = stage.options;
  const database = await stage.database();
  const [gateway, withoutLane, floor, betterAuth] = [
    await stage.gateway(database),
    await stage.gateway(database, { env: { HOT_LANE: 'false' } }),
    await stage.floor(database),
    await stage.betterAuth(database),
  ];
  const [people, others] = [await database.people.pick(256), await betterAuthPeople(betterAuth.url)];
  const shared = { pick: () => people, mix: { me: 1 }, seconds };
  const rates = await comparedRates({
    rounds,
    contestants: {
      gateway: contestant({ ...shared, url: gateway.url }),
      [WITHOUT_LANE]: contestant({ ...shared, url: withoutLane.url }),
      floor: contestant({ ...shared, url: floor.url }),
      'Better Auth': contestant({
        ...shared,
        pick: () => others,
        url: betterAuth.url,
        dialect: 'better-auth',
      }),
    },
  });
  return {
    ...ratesTable(rates, [WITHOUT_LANE, 'floor', 'Better Auth']),
    ratios: [
      { label: 'me ÷ floor', value: ratioOf(rates.gateway, rates.floor), atLeast: 0.6 },
      { label: 'me ÷ Better Auth', value: ratioOf(rates.gateway, rates['Better Auth']), atLeast: 5 },
      { label: 'me, with the hot lane ÷ without', value: ratioOf(rates.gateway, rates[WITHOUT_LANE]), atLeast: 1.5 },
    ],
  };
}
