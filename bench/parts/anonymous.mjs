import { comparedRates, contestant, ratesTable, ratioOf } from '../compare.mjs';

export const title = 'Anonymous `{ __typename }`';
export const about = 'What a request costs that asks for nothing: HTTP, its checks, and the pipeline of GraphQL.';

export async function run(stage) {
  const { rounds, seconds } = stage.options;
  const database = await stage.database();
  const [gateway, floor] = [await stage.gateway(database), await stage.floor(database)];
  const shared = { pick: () => [{}], mix: { typename: 1 }, seconds };
  const rates = await comparedRates({
    rounds,
    contestants: {
      gateway: contestant({ ...shared, url: gateway.url }),
      floor: contestant({ ...shared, url: floor.url }),
    },
  });
  return {
    ...ratesTable(rates, ['floor']),
    ratios: [{ label: '{ __typename } ÷ floor', value: ratioOf(rates.gateway, rates.floor) }],
  };
}
