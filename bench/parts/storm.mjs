import { median, rounded } from '../compare.mjs';
import { driveClosed, driveOpen } from '../load/drive.mjs';
import { HASH_WORKERS } from '../stage.mjs';

export const title = 'A storm of logins';
export const about =
  '`me` 100 times a second, first alone and then while 16 connections log in as fast as they are let: the latency of `me`, ' +
  'and the delay of the event loop.';

export async function run(stage) {
  const { rounds, seconds } = stage.options;
  const database = await stage.database();
  const gateway = await stage.gateway(database, { isProbed: true });
  const people = await database.people.pick(512);
  const streams = [{ name: 'me', people, perSecond: 100 }];
  const served = async () => {
    const { me } = await driveOpen({ url: gateway.url, streams, seconds: Math.max(seconds, 2), warmUpSeconds: 1 });
    if (me.failed > 0 || me.shed.rate > 0) throw new Error(`me was not answered: ${me.firstFault}`);
    return me.served;
  };
  const storm = { url: gateway.url, people, mix: { login: 1 }, connections: 16 * HASH_WORKERS };
  const found = { idle: [], storm: [] };
  for (let round = 0; round < rounds; round += 1) {
    await gateway.ask('delay');
    const idle = await served();
    found.idle.push({ ...idle, delay: await gateway.ask('delay') });
    const logins = driveClosed({ ...storm, seconds: Math.max(seconds, 2) + 2 });
    await gateway.ask('delay');
    const busy = await served();
    found.storm.push({ ...busy, delay: await gateway.ask('delay') });
    await logins;
  }
  const of = (all, pick) => rounded(median(all.map(pick)));
  const row = (name, all) => [
    name,
    of(all, ({ p50 }) => p50),
    of(all, ({ p99 }) => p99),
    of(all, ({ delay }) => Math.max(0, delay.p99)),
    of(all, ({ delay }) => Math.max(0, delay.max)),
  ];
  const ratio = median(found.storm.map(({ p99 }, round) => p99 / found.idle[round].p99));
  return {
    columns: ['', '`me` p50, ms', '`me` p99, ms', 'event loop late, p99, ms', 'at most, ms'],
    rows: [row('idle', found.idle), row('during the storm', found.storm)],
    ratios: [{ label: 'p99 of me, storm ÷ idle', value: ratio, atMost: 3 }],
  };
}
