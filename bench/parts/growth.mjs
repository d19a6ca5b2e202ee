import { comparedRates, median, ratioOf, rounded } from '../compare.mjs';
import { driveClosed } from '../load/drive.mjs';

export const title = 'Growth: from ten thousand sessions to a million';
export const about =
  'Two databases and two gateways, in turns. One connection rotates one session after the other, drawn from the whole table, so that ' +
  'each row and its place in the index must be found; five sessions to a user.';

export async function run(stage) {
  const { rounds, seconds, isQuick } = stage.options;
  const [few, many] = [10_000, isQuick ? 100_000 : 1_000_000];
  const small = await stage.newDatabase();
  const large = await stage.newDatabase();
  await small.people.fill(few);
  await large.people.fill(many);
  const [smallGateway, largeGateway] = [await stage.gateway(small), await stage.gateway(large)];
  const timeOf = (name, database, gateway) => async () => {
    const people = await database.people.pick(2_000);
    const plan = { url: gateway.url, people, mix: { [name]: 1 } };
    const { rate } = await driveClosed({ ...plan, connections: 1, isRoaming: true, seconds });
    return 1000 / rate;
  };
  const rows = [];
  const ratios = [];
  for (const name of ['refresh', 'login']) {
    const times = await comparedRates({
      rounds,
      contestants: { small: timeOf(name, small, smallGateway), large: timeOf(name, large, largeGateway) },
      pick: (value) => value,
    });
    const ratio = ratioOf(times.large, times.small);
    rows.push([name, rounded(median(times.small)), rounded(median(times.large)), ratio.toFixed(2)]);
    const aim = name === 'refresh' ? { atMost: 1.2 } : {};
    ratios.push({ label: `time of a ${name}, many ÷ few sessions`, value: ratio, ...aim });
  }
  const columns = ['', `ms at ${few.toLocaleString('en')}`, `ms at ${many.toLocaleString('en')}`, 'ratio'];
  return { columns, rows, ratios };
}
