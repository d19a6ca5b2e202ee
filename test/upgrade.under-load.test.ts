import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createDataSource } from '../src/data-source.js';
import { type MigrationTarget, migrate, migrateDown } from '../src/platform/database/migrate.js';
import { GOOD_PASSWORD } from './support/graphql-client.js';
import { createDatabaseOfOwn, type TestDatabase } from './support/test-database.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';
import { waitUntil } from './support/wait-until.js';

/** After the migrations of 0.1.0, which are the first two. */
const MIGRATIONS_SINCE = 3;
const USERS = 20_000;
const CONNECTIONS = 4;

/** What a process of 0.1.0 sends for a login, once it has checked the password: the text of that version. */
const FORMER_LOGIN = `
  WITH checked AS MATERIALIZED (
    SELECT id, roles, auth_epoch, created_at FROM gatehouse.users
    WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL FOR SHARE
  ), created AS (
    INSERT INTO gatehouse.refresh_sessions (user_id, id, salt, generation, confirmed_generation,
      late_answered_generation, late_answers_in_row, token_delivery, amr, created_at, authenticated_at, rotated_at,
      last_used_at, expires_at, absolute_expires_at, user_agent, ip_address)
    SELECT source.id, $3::uuid, '\\x00'::bytea, 0, 0, -1, 0, 'BODY', '{pwd}', now(), now(), now(), now(),
      now() + interval '7 days', now() + interval '30 days', NULL, NULL
    FROM checked AS source ON CONFLICT (user_id, id) DO NOTHING RETURNING user_id, id AS session_id
  )
  SELECT u.id, e.email, e.verified FROM checked AS u JOIN gatehouse.user_emails AS e ON e.user_id = u.id`;
/** And for a rotation. */
const FORMER_ROTATION = `
  UPDATE gatehouse.refresh_sessions SET generation = generation + 1, rotated_at = now(), last_used_at = now(),
    expires_at = now() + interval '7 days', user_agent = NULL, ip_address = NULL
  WHERE user_id = $1 AND id = $2 AND generation = 0 AND revoked_at IS NULL AND expires_at > now()
    AND EXISTS (SELECT FROM gatehouse.users AS u WHERE u.id = $1 AND u.disabled_at IS NULL)
  RETURNING id`;

let gate: TestGateway;
let database: TestDatabase;
/** The hash that all users of the full tables have. */
let passwordHash: string;
beforeAll(async () => {
  gate = await startTestGateway();
  const somebody = await gate.registerSomebody();
  const [row] = await gate.database.query<{ passwordHash: string }>(
    'SELECT password_hash AS "passwordHash" FROM gatehouse.users WHERE id = $1',
    [somebody.user.id],
  );
  passwordHash = row?.passwordHash ?? '';
  database = await createDatabaseOfOwn();
});
afterAll(async () => {
  await gate.close();
  await database.drop();
});

async function onTables<Result>(work: (target: MigrationTarget) => Promise<Result>): Promise<Result> {
  const schema = 'gatehouse';
  const dataSource = createDataSource({ url: database.url, schema, poolMax: 1, isPooled: false, hasTimeouts: false });
  await dataSource.initialize();
  try {
    return await work({ dataSource, schema });
  } finally {
    await dataSource.destroy();
  }
}

/** Full tables, as a process of 0.1.0 has filled them. */
async function fill(): Promise<void> {
  await database.query(
    `INSERT INTO gatehouse.users (id, roles, password_hash, auth_epoch, disabled_at, created_at)
     SELECT gen_random_uuid(), '{}', $1, 0, NULL, now() FROM generate_series(1, $2::integer)`,
    [passwordHash, USERS],
  );
  await database.query(
    `INSERT INTO gatehouse.user_emails (email, user_id, verified, created_at)
     SELECT id || '@example.org', id, true, now() FROM gatehouse.users`,
  );
  await database.query(
    `INSERT INTO gatehouse.refresh_sessions (user_id, id, salt, generation, confirmed_generation,
       late_answered_generation, late_answers_in_row, token_delivery, amr, created_at, authenticated_at, rotated_at,
       last_used_at, expires_at, absolute_expires_at)
     SELECT id, gen_random_uuid(), '\\x00', 0, 0, -1, 0, 'BODY', '{pwd}', now(), now(), now(), now(),
       now() + interval '7 days', now() + interval '30 days' FROM gatehouse.users`,
  );
}

/** Processes of 0.1.0 that sign users in and rotate their sessions, until they are told to stop. */
function formerProcesses(userIds: readonly string[]) {
  let isStopped = false;
  let done = 0;
  const refused: string[] = [];
  const work = async (place: number) => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      for (let round = 0; !isStopped; round += 1) {
        const userId = userIds[(place + round * CONNECTIONS) % userIds.length];
        const sessionId = randomUUID();
        try {
          const login = await client.query(FORMER_LOGIN, [userId, passwordHash, sessionId]);
          const rotation = await client.query(FORMER_ROTATION, [userId, sessionId]);
          if (login.rowCount !== 1 || rotation.rowCount !== 1) refused.push(`no row for ${userId}`);
          done += 1;
        } catch (error) {
          refused.push(String((error as Error).message));
        }
        await pause(5);
      }
    } finally {
      await client.end();
    }
  };
  const all = Promise.all(Array.from({ length: CONNECTIONS }, (_, place) => work(place)));
  return {
    done: () => done,
    stop: async () => {
      isStopped = true;
      await all;
      return refused;
    },
  };
}

describe('an upgrade', () => {
  it('D9: of full tables under load fails no login, and old and new processes serve beside one another', async () => {
    for (let step = 0; step < MIGRATIONS_SINCE; step += 1) await onTables(migrateDown);
    await fill();
    const rows = await database.query<{ id: string }>('SELECT id FROM gatehouse.users LIMIT 200');
    const ids = rows.map(({ id }) => id);
    const former = formerProcesses(ids);
    await pause(200);
    const before = former.done();
    expect(await onTables(migrate)).toHaveLength(MIGRATIONS_SINCE);
    const during = former.done();
    expect(during).toBeGreaterThan(before);

    const current = await gate.startSibling({ databaseUrl: database.url, databaseDirectUrl: database.url });
    const [first] = ids;
    const person = { email: `${first}@example.org`, password: GOOD_PASSWORD };
    for (let round = 0; round < 5; round += 1) {
      const tokens = await current.login(person);
      expect((await current.refresh(tokens.refreshToken)).data.refreshToken.user.id).toBe(first);
    }
    await pause(200);
    expect(former.done()).toBeGreaterThan(during);
    expect(await former.stop()).toEqual([]);
    await current.gateway.close();
  });

  it('D9: keeps no lock on one table while it waits for another', async () => {
    const tables = ['users', 'refresh_sessions', 'user_emails'];
    for (const table of tables) {
      for (let step = 0; step < MIGRATIONS_SINCE; step += 1) await onTables(migrateDown);
      const client = new pg.Client({ connectionString: database.url, statement_timeout: 10_000 });
      await client.connect();
      // As the statement of a process that serves, stopped between its first table and its next.
      await client.query(`BEGIN; LOCK TABLE gatehouse.${table} IN ROW EXCLUSIVE MODE`);
      const migrated = onTables(migrate);
      await waitUntil('the migration waits for the table', async () => {
        const waiting = await database.query(
          `SELECT FROM pg_locks WHERE NOT granted AND relation = 'gatehouse.${table}'::regclass`,
        );
        return waiting.length > 0;
      });
      for (const other of tables) await client.query(`LOCK TABLE gatehouse.${other} IN ROW EXCLUSIVE MODE`);
      await client.query('COMMIT');
      await client.end();
      expect(await migrated).toHaveLength(MIGRATIONS_SINCE);
    }
  });

  it('D9: has a way down that keeps users and sessions', async () => {
    const count = async () => {
      const [row] = await database.query<{ users: number; sessions: number }>(
        `SELECT (SELECT count(*) FROM gatehouse.users)::integer AS users,
           (SELECT count(*) FROM gatehouse.refresh_sessions)::integer AS sessions`,
      );
      return row;
    };
    const before = await count();
    for (let step = 0; step < MIGRATIONS_SINCE; step += 1) await onTables(migrateDown);
    expect(await count()).toEqual(before);
    const former = formerProcesses(
      (await database.query<{ id: string }>('SELECT id FROM gatehouse.users LIMIT 50')).map(({ id }) => id),
    );
    await pause(200);
    expect(await former.stop()).toEqual([]);
    expect(former.done()).toBeGreaterThan(0);
    expect(await onTables(migrate)).toHaveLength(MIGRATIONS_SINCE);
  });
});
