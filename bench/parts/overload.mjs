import { CONNECTIONS, contestant, median, rounded } from '../compare.mjs';
import { driveOpen } from '../load/drive.mjs';
import { HASH_WORKERS } from '../stage.mjs';

export const title = 'Overload: twice what it can do';
export const about =
  'The peak is what a closed loop of 16 connections gets. Then requests come at twice that rate, whether or not earlier ones ' +
  'were answered, and at the same time logins at twice the rate that hashing allows.';

export async function run(stage) {
  const { rounds, seconds } = stage.options;
  const database = await stage.database();
  const gateway = await stage.gateway(database);
  const { url } = gateway;
  const loginPeak = (
    await contestant({
      url,
      pick: () => database.people.pick(64),
      mix: { login: 1 },
      seconds: 3,
      connections: 4 * HASH_WORKERS,
    })()
  ).rate;
  const rows = [];
  const ratios = [];
  for (const name of ['refresh', 'me']) {
    const found = [];
    for (let round = 0; round < rounds; round += 1) {
      const peak = await contestant({
        url,
        pick: () => database.people.pick(CONNECTIONS),
        mix: { [name]: 1 },
        seconds,
      })();
      const streams = [
        { name, people: await database.people.pick(4_000), perSecond: 2 * peak.rate },
        { name: 'login', people: await database.people.pick(1_000), perSecond: 2 * loginPeak },
      ];
      found.push({ peak, over: await driveOpen({ url, streams, seconds: Math.max(3, seconds), warmUpSeconds: 1 }) });
    }
    const of = (pick) => median(found.map(pick));
    const useful = of(({ peak, over }) => over[name].served.rate / peak.rate);
    rows.push([
      name,
      rounded(of(({ peak }) => peak.rate)),
      rounded(of(({ over }) => over[name].served.rate)),
      rounded(of(({ over }) => over[name].shed.rate)),
      rounded(of(({ over }) => over[name].served.p99 ?? 0)),
      rounded(of(({ over }) => over[name].shed.p99 ?? 0)),
      rounded(of(({ over }) => over.login.served.rate)),
      String(of(({ over }) => over[name].failed + over.login.failed)),
    ]);
    ratios.push({ label: `${name} at twice the peak ÷ peak`, value: useful, atLeast: 0.9 });
  }
  const columns = [
    '',
    'peak/s',
    'served/s',
    'shed/s',
    'served p99, ms',
    'shed p99, ms',
    'logins served/s',
    'other answers',
  ];
  return { columns, rows, ratios };
}
