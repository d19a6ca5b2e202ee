import { CONNECTIONS } from '../compare.mjs';
import { driveClosed } from '../load/drive.mjs';

export const title = 'Memory';
export const about =
  'Of the gateway, after a collection of garbage: once it has answered some requests, and after many `me`.';

const MB = 1024 * 1024;

export async function run(stage) {
  const requests = stage.options.isQuick ? 10_000 : 100_000;
  const database = await stage.database();
  const gateway = await stage.gateway(database, { isProbed: true });
  const people = await database.people.pick(256);
  const drive = (amount) => driveClosed({ url: gateway.url, people, mix: { me: 1 }, connections: CONNECTIONS, amount });
  const started = await gateway.ask('memory');
  await drive(5_000);
  const warm = await gateway.ask('memory');
  await drive(requests);
  const after = await gateway.ask('memory');
  const row = (when, { rss, heapUsed }) => [when, (rss / MB).toFixed(0), (heapUsed / MB).toFixed(1)];
  return {
    columns: ['', 'resident, MB', 'heap in use, MB'],
    rows: [
      row('started', started),
      row('after 5,000 requests', warm),
      row(`after ${requests.toLocaleString('en')} more`, after),
    ],
    ratios: [{ label: 'heap after ÷ before 100,000 requests', value: after.heapUsed / warm.heapUsed }],
  };
}
