import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDataSource } from '../src/data-source.js';
import { migrate, migrateDown } from '../src/platform/database/migrate.js';
import { bareEnvironment } from './support/gateway-process.js';
import { createDatabaseOfOwn, type TestDatabase } from './support/test-database.js';
import { startTestGateway, testConfig } from './support/test-gateway.js';

const ORMCONFIG = fileURLToPath(new URL('../ormconfig.js', import.meta.url));
// Tests run on compiled output, one folder below the project.
const TYPEORM = fileURLToPath(new URL('../../node_modules/typeorm/cli.js', import.meta.url));

const databases: TestDatabase[] = [];
afterAll(async () => {
  for (const database of databases) await database.drop();
});

async function databaseOf(template?: null): Promise<TestDatabase> {
  const database = await createDatabaseOfOwn(template);
  databases.push(database);
  return database;
}

/** Everything that stands in a schema or reaches out of it, by name. */
async function objectsOf(database: TestDatabase, schema?: string): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname || ':' || c.relkind::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
     UNION ALL SELECT n.nspname || '.' || p.proname || '()' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
     UNION ALL SELECT n.nspname || '.' || t.typname || ':type' FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
       WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND t.typtype NOT IN ('c', 'b')
     UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
     ORDER BY 1`,
  );
  return rows.map(({ name }) => name).filter((name) => schema === undefined || name.startsWith(`${schema}.`));
}

async function inSchema<Result>(
  { database, schema = 'gatehouse', url = database.url }: { database: TestDatabase; schema?: string; url?: string },
  work: typeof migrate | typeof migrateDown,
): Promise<Result> {
  const dataSource = createDataSource({ url, schema, poolMax: 1, isPooled: false, hasTimeouts: false });
  await dataSource.initialize();
  try {
    return (await work({ dataSource, schema })) as Result;
  } finally {
    await dataSource.destroy();
  }
}

/** Asks TypeORM's command line whether the entities and the tables differ: 0, they don't. */
function checkDrift(
  database: TestDatabase,
  environment: Record<string, string> = {},
): Promise<{ code: number; output: string }> {
  const args = [TYPEORM, 'migration:generate', '--check', '-d', ORMCONFIG, 'drift'];
  const env = { ...bareEnvironment(), DATABASE_URL: database.url, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

describe('the migrations', () => {
  it('make what the entities describe, and the check sees where they do not', async () => {
    const database = await databaseOf();
    expect(await checkDrift(database)).toMatchObject({ code: 0, output: expect.stringContaining('No changes') });
    await database.query('ALTER TABLE gatehouse.users ADD COLUMN nickname text');
    expect(await checkDrift(database)).toMatchObject({ code: 1, output: expect.stringContaining('nickname') });
    await database.query('ALTER TABLE gatehouse.users DROP COLUMN nickname');
    await database.query('DROP INDEX gatehouse.auth_changes_at_index');
    expect(await checkDrift(database)).toMatchObject({
      code: 1,
      output: expect.stringContaining('auth_changes_at_index'),
    });
  });

  it('make what the entities describe in another schema, too', async () => {
    const database = await databaseOf(null);
    await inSchema({ database, schema: 'logins' }, migrate);
    expect(await checkDrift(database, { DATABASE_SCHEMA: 'logins' })).toMatchObject({ code: 0 });
  });

  it('stay within DATABASE_SCHEMA, beside any other, and leave what is there alone', async () => {
    const database = await databaseOf();
    await database.query('CREATE TABLE public.users (id int)');
    const before = await objectsOf(database);
    await inSchema({ database, schema: 'logins' }, migrate);
    const after = await objectsOf(database);
    expect(after.filter((name) => !name.startsWith('logins.'))).toEqual(before);
    const renamed = (await objectsOf(database, 'gatehouse')).map((name) => name.replace('gatehouse.', 'logins.'));
    expect(await objectsOf(database, 'logins')).toEqual(renamed);
  });

  it('run once, and each only once', async () => {
    const database = await databaseOf(null);
    const ran = await inSchema<string[]>({ database }, migrate);
    expect(ran.length).toBeGreaterThan(0);
    expect(await inSchema({ database }, migrate)).toEqual([]);
    expect(await database.query('SELECT name FROM gatehouse.gatehouse_migrations ORDER BY id')).toEqual(
      ran.map((name) => ({ name })),
    );
  });

  it('move our list from its former name, and leave there what is not ours', async () => {
    for (const others of [[], ['CreateShelves1764000000000']]) {
      const database = await databaseOf(null);
      const ran = await inSchema<string[]>({ database }, migrate);
      await database.query('ALTER TABLE gatehouse.gatehouse_migrations RENAME TO migrations');
      for (const name of others) {
        await database.query('INSERT INTO gatehouse.migrations ("timestamp", name) VALUES (1764000000000, $1)', [name]);
      }
      expect(await inSchema({ database }, migrate)).toEqual([]);
      const listed = await database.query('SELECT name FROM gatehouse.gatehouse_migrations ORDER BY id');
      expect(listed).toEqual(ran.map((name) => ({ name })));
      const there = await objectsOf(database, 'gatehouse');
      expect(there.includes('gatehouse.migrations:r')).toBe(others.length > 0);
      for (const _ of ran) expect(ran).toContain(await inSchema({ database }, migrateDown));
    }
  });

  it('run once where ten come at once', async () => {
    const database = await databaseOf(null);
    const runs = await Promise.all(Array.from({ length: 10 }, () => inSchema<string[]>({ database }, migrate)));
    expect(runs.filter((ran) => ran.length > 0)).toHaveLength(1);
  });

  it('run each once where ten bring older tables up to date', async () => {
    const database = await databaseOf(null);
    const ran = await inSchema<string[]>({ database }, migrate);
    for (const _ of ran.slice(1)) await inSchema({ database }, migrateDown);
    const runs = await Promise.all(Array.from({ length: 10 }, () => inSchema<string[]>({ database }, migrate)));
    expect(runs.flat().sort()).toEqual(ran.slice(1).sort());
  });

  it('leave nothing of ours when they are taken back, and make the same again', async () => {
    const database = await databaseOf(null);
    const ran = await inSchema<string[]>({ database }, migrate);
    const made = await objectsOf(database);
    for (const _ of ran) await inSchema({ database }, migrateDown);
    expect(await objectsOf(database)).toEqual([]);
    await inSchema({ database }, migrateDown);
    expect(await objectsOf(database)).toEqual([]);
    expect(await inSchema({ database }, migrate)).toEqual(ran);
    expect(await objectsOf(database)).toEqual(made);
  });

  it('leave nothing half done where one fails', async () => {
    const database = await databaseOf(null);
    await database.query('CREATE SCHEMA gatehouse CREATE TABLE audit_events (mine int)');
    await expect(inSchema({ database }, migrate)).rejects.toThrow('already exists');
    expect(await objectsOf(database)).toEqual(['gatehouse.audit_events:r']);
  });

  it('need no right to make schemas where the operator has made ours', async () => {
    const database = await databaseOf(null);
    const role = `role_${new URL(database.url).pathname.slice(1)}`;
    const name = new URL(database.url).pathname.slice(1);
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    await database.query(`CREATE SCHEMA gatehouse AUTHORIZATION ${role}`);
    await database.query(`REVOKE CREATE ON DATABASE "${name}" FROM PUBLIC`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'x';
    expect((await inSchema<string[]>({ database, url: url.href }, migrate)).length).toBeGreaterThan(0);
    await database.query(`DROP OWNED BY ${role} CASCADE`);
    await database.query(`DROP ROLE ${role}`);
  });
});

describe('a gateway in another schema', () => {
  let gate: Awaited<ReturnType<typeof startTestGateway>>;
  beforeAll(async () => {
    gate = await startTestGateway();
    await inSchema({ database: gate.database, schema: 'logins' }, migrate);
  });
  afterAll(() => gate.close());

  it('serves from there, and touches no other', async () => {
    const ada = await gate.registerSomebody();
    const other = await gate.startSibling({ config: testConfig({ DATABASE_SCHEMA: 'logins' }) });
    try {
      const bob = await other.registerSomebody({ email: ada.email });
      expect((await other.refresh(bob.refreshToken)).tokens).not.toBeNull();
      expect((await other.me(bob.accessToken)).data.me.id).toBe(bob.user.id);
      expect(await gate.database.query('SELECT id FROM logins.users')).toEqual([{ id: bob.user.id }]);
      expect(await gate.database.query('SELECT id FROM gatehouse.users')).toEqual([{ id: ada.user.id }]);
    } finally {
      await other.gateway.close();
    }
  });
});
