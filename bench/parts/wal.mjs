import { driveClosed } from '../load/drive.mjs';

export const title = 'Write-ahead log a rotation';
export const about =
  'Bytes of WAL, by `pg_current_wal_lsn()`, over rotations of sessions whose pages were written since the last checkpoint.';

export async function run(stage) {
  const rotations = stage.options.isQuick ? 500 : 5_000;
  const database = await stage.database();
  const gateway = await stage.gateway(database);
  const people = await database.people.pick(16);
  const lsn = async () => (await database.query('SELECT pg_current_wal_lsn() AS lsn')).rows[0].lsn;
  await database.query('CHECKPOINT');
  // In one load process, as it alone knows the tokens that it was given: first each session once, then what counts.
  const plan = { url: gateway.url, people, mix: { refresh: 1 }, connections: 16 };
  await driveClosed({ ...plan, amount: 320 });
  const fresh = await database.people.pick(16);
  await driveClosed({ ...plan, people: fresh, amount: 320 });
  const again = await database.people.same(fresh);
  const before = await lsn();
  await driveClosed({ ...plan, people: again, amount: rotations });
  const { rows } = await database.query('SELECT pg_current_wal_lsn() - $1::pg_lsn AS bytes', [before]);
  const each = Number(rows[0].bytes) / rotations;
  return {
    columns: ['', 'bytes'],
    rows: [['a rotation', each.toFixed(0)]],
    ratios: [{ label: 'WAL bytes a rotation', value: each }],
  };
}
