import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GatewayProcess, startGatewayProcess } from './support/gateway-process.js';
import { makeTestFolder, runMain, type TestFolder } from './support/main-run.js';
import { createDatabaseOfOwn, type TestDatabase } from './support/test-database.js';

let folder: TestFolder;
const databases: TestDatabase[] = [];
beforeAll(async () => {
  folder = await makeTestFolder();
});
afterAll(async () => {
  for (const database of databases) await database.drop();
  await folder.remove();
});

async function emptyDatabase(): Promise<TestDatabase> {
  const database = await createDatabaseOfOwn(null);
  databases.push(database);
  return database;
}

const environment = (database: TestDatabase, folderName = 'secrets') => ({
  DATABASE_URL: database.url,
  GATEHOUSE_DATA_DIR: `${folder.path}/${folderName}`,
  BCRYPT_COST: '10',
  HASH_WORKERS: '1',
});

const migrationsIn = (database: TestDatabase) =>
  database.query<{ name: string }>('SELECT name FROM gatehouse.gatehouse_migrations ORDER BY id');
const tablesIn = async (database: TestDatabase) =>
  (
    await database.query<{ name: string }>(
      `SELECT schemaname || '.' || tablename AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    )
  ).map(({ name }) => name);

describe('with DATABASE_URL', () => {
  it('no embedded server is started, and the tables are made there', async () => {
    const database = await emptyDatabase();
    const gateway = await startGatewayProcess(environment(database, 'own'), { cwd: folder.path });
    try {
      const said = gateway.output.join('\n');
      expect(said).toContain('the one that DATABASE_URL names');
      expect(said).not.toContain('embedded');
      expect(said).not.toContain(new URL(database.url).password);
      expect(await readdir(`${folder.path}/own`)).toEqual(['key-encryption-key', 'refresh-token-secret']);
      const { user } = await gateway.registerSomebody();
      expect(await database.query('SELECT id FROM gatehouse.users')).toEqual([{ id: user.id }]);
    } finally {
      await gateway.stop();
    }
  });

  it('a statement timeout is missed only where requests go through a pooler and the role has none', async () => {
    const database = await emptyDatabase();
    const warnsWith = async (urls: Record<string, string>) => {
      const gateway = await startGatewayProcess({ ...environment(database), ...urls }, { cwd: folder.path });
      await gateway.stop();
      return gateway.output.some((line) => line.includes('no_statement_timeout'));
    };
    const pooled = new URL(database.url);
    pooled.searchParams.set('application_name', 'pooler');
    expect(await warnsWith({})).toBe(false);
    expect(await warnsWith({ DATABASE_URL: pooled.href, DATABASE_DIRECT_URL: database.url })).toBe(true);
    const name = pooled.pathname.slice(1);
    await database.query(`ALTER DATABASE "${name}" SET statement_timeout = '5s'`);
    expect(await warnsWith({ DATABASE_URL: pooled.href, DATABASE_DIRECT_URL: database.url })).toBe(false);
  });
});

describe('several processes on one empty database', () => {
  it('migrate once, and all serve, with one generated secret', async () => {
    const database = await emptyDatabase();
    const starts = Array.from({ length: 4 }, () =>
      startGatewayProcess(environment(database, 'together'), { cwd: folder.path }),
    );
    const gateways = await Promise.all(starts);
    try {
      expect(new Set((await migrationsIn(database)).map(({ name }) => name)).size).toBe(
        (await migrationsIn(database)).length,
      );
      const ada = await (gateways[0] as GatewayProcess).registerSomebody();
      for (const gateway of gateways) expect((await gateway.me(ada.accessToken)).data?.me.id).toBe(ada.user.id);
      let { refreshToken } = ada;
      for (const gateway of gateways) {
        const { tokens } = await gateway.refresh(refreshToken);
        expect(tokens?.session.id).toBe(ada.session.id);
        refreshToken = tokens?.refreshToken ?? '';
      }
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
    }
    expect(await readdir(`${folder.path}/together`)).toEqual(['key-encryption-key', 'refresh-token-secret']);
  });

  it('migrate once where ten are told to at once; down and up again leaves the same tables', async () => {
    const database = await emptyDatabase();
    const run = (...command: string[]) => runMain([...command, '--json'], environment(database), { cwd: folder.path });
    const runs = await Promise.all(Array.from({ length: 10 }, () => run('migrate', 'run')));
    expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(runs.map(() => ({ code: 0, stderr: '' })));
    const working = runs.filter(({ stdout }) => /"ran":\["/.test(stdout));
    expect(working).toHaveLength(1);
    const [tables, migrations] = [await tablesIn(database), await migrationsIn(database)];
    expect(tables).toContain('gatehouse.users');
    for (const _ of migrations) expect(await run('migrate', 'revert')).toMatchObject({ code: 0, stderr: '' });
    expect(await tablesIn(database)).toEqual([]);
    expect(await run('migrate', 'run')).toMatchObject({ code: 0, stderr: '' });
    expect(await tablesIn(database)).toEqual(tables);
  });
});
