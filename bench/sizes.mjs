// How large our rows are, and what a rotation writes: measured on filled tables, for docs/scaling.md. `npm run sizes`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { systemClock } from '../dist/src/platform/clock.js';
import { startEmbeddedPostgres } from '../dist/src/platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger } from '../dist/src/platform/logger.js';
import { systemRandom } from '../dist/src/platform/random.js';

const USERS = 100_000;
const SESSIONS = 200_000;
const ROTATIONS = 20_000;

const folder = await mkdtemp(join(tmpdir(), 'gatehouse-sizes-'));
const server = await startEmbeddedPostgres({
  dataDir: join(folder, 'data'),
  random: systemRandom(systemClock),
  log: createLogger('silent'),
  settings: { fsync: 'off', autovacuum: 'off' },
});
const client = new pg.Client({ connectionString: server.url });

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
/** Keys in the order of time, as UUIDv7 are. */
const key = (kind) =>
  `('01900000-${kind}-7' || lpad(to_hex(g % 4096), 3, '0') || '-8000-' || lpad(to_hex(g), 12, '0'))::uuid`;

const FILL = [
  `INSERT INTO gatehouse.users (id, password_hash, roles, auth_epoch, created_at)
   SELECT ${key('0001')}, '$bcrypt-sha256$v=2,t=2b,r=12$' || repeat('a', 22) || '$' || repeat('b', 31), '{}', 0, now()
   FROM generate_series(1, ${USERS}) AS g`,
  `INSERT INTO gatehouse.user_emails (email, user_id, verified, created_at)
   SELECT 'somebody.' || g || '@example.org', ${key('0001')}, true, now() FROM generate_series(1, ${USERS}) AS g`,
  `INSERT INTO gatehouse.refresh_sessions (user_id, id, salt, generation,
     confirmed_generation, late_answered_generation, late_answers_in_row, token_delivery, amr, created_at, authenticated_at,
     rotated_at, last_used_at, expires_at, absolute_expires_at, user_agent, ip_address)
   SELECT (SELECT ${key('0001')} FROM (SELECT 1 + s % ${USERS} AS g) AS of), (SELECT ${key('0002')} FROM (SELECT s AS g) AS of),
     decode(repeat(md5(s::text), 2), 'hex'), 0, 0, -1, 0, 'COOKIE', '{pwd}', now(), now(), now(), now(), now() + interval '7 days',
     now() + interval '30 days', '${AGENT}', '203.0.113.' || s % 256
   FROM generate_series(1, ${SESSIONS}) AS s`,
  `INSERT INTO gatehouse.audit_events (user_id, id, at, kind, cause, request_id, session_id, ip_address, user_agent)
   SELECT ${key('0001')}, ${key('0003')}, now(), 'LOGIN_SUCCEEDED', NULL, ${key('0004')}::text, ${key('0002')},
     '203.0.113.7', '${AGENT}' FROM generate_series(1, ${USERS}) AS g`,
  `INSERT INTO gatehouse.auth_changes (id, user_id, session_id, at)
   SELECT ${key('0005')}, ${key('0001')}, ${key('0002')}, now() FROM generate_series(1, ${USERS}) AS g`,
];

async function migrate() {
  const main = fileURLToPath(new URL('../dist/src/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'migrate', 'run'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: server.url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error('the migrations failed');
}

async function walBytes(work) {
  await client.query('CHECKPOINT');
  const { rows: before } = await client.query('SELECT pg_current_wal_insert_lsn() AS at');
  await work();
  const { rows } = await client.query('SELECT (pg_current_wal_insert_lsn() - $1::pg_lsn)::float8 AS bytes', [
    before[0].at,
  ]);
  return rows[0].bytes;
}

/** As the gateway rotates: one statement, one commit, no column of an index. */
async function rotate(count) {
  const { rows } = await client.query('SELECT user_id, id FROM gatehouse.refresh_sessions ORDER BY random() LIMIT $1', [
    count,
  ]);
  for (const { user_id, id } of rows) {
    await client.query({
      name: 'rotate',
      text: `UPDATE gatehouse.refresh_sessions SET generation = generation + 1, rotated_at = now(), last_used_at = now(),
               expires_at = now() + interval '7 days' WHERE user_id = $1 AND id = $2`,
      values: [user_id, id],
    });
  }
}

try {
  await migrate();
  await client.connect();
  for (const statement of FILL) await client.query(statement);
  await client.query('VACUUM ANALYZE');
  const { rows } = await client.query(`
    SELECT c.relname AS name, c.reltuples::int AS rows, pg_relation_size(c.oid)::float8 AS heap,
      pg_indexes_size(c.oid)::float8 AS indexes
    FROM pg_class AS c WHERE c.relnamespace = 'gatehouse'::regnamespace AND c.relkind = 'r' AND c.reltuples > 1000
    ORDER BY c.relname`);
  process.stdout.write('| table | rows | bytes a row | of its indexes | together |\n|---|---|---|---|---|\n');
  for (const { name, rows: count, heap, indexes } of rows) {
    const figures = [count, heap / count, indexes / count, (heap + indexes) / count].map((value) => value.toFixed(0));
    process.stdout.write(`| ${name} | ${figures.join(' | ')} |\n`);
  }
  // The first change of a page after a checkpoint writes the page whole: once with that, once without.
  const first = await walBytes(() => rotate(ROTATIONS));
  await client.query('ALTER SYSTEM SET full_page_writes = off');
  await client.query('SELECT pg_reload_conf()');
  const later = await walBytes(() => rotate(ROTATIONS));
  const { rows: hot } = await client.query(`
    SELECT pg_stat_force_next_flush(), n_tup_upd::int AS all, n_tup_hot_upd::int AS hot
    FROM pg_stat_user_tables WHERE relname = 'refresh_sessions'`);
  process.stdout.write(
    `\nlog a rotation: ${(first / ROTATIONS).toFixed(0)} bytes right after a checkpoint, ${(later / ROTATIONS).toFixed(0)} later; ` +
      `${hot[0].hot} of ${hot[0].all} updates touched no index\n`,
  );
} finally {
  await client.end().catch(() => undefined);
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
