import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';

/**
 * Our list of migrations. Not TypeORM's own name for one: where the schema is that of the role ("$user" in the
 * search_path), an application's DataSource without a schema would write its migrations into it.
 */
export const MIGRATIONS_TABLE = 'gatehouse_migrations';
const FORMER_MIGRATIONS_TABLE = 'migrations';

/**
 * Brings the schema up to date; any number of processes may call it at once: each migration is run by one of them, and the
 * others wait for it. Where none has run yet, all run in one transaction: a failure leaves the database as it was. Later
 * ones have a transaction each, as processes of the version before serve meanwhile: a lock on one table, kept while
 * another is waited for, would deadlock with their statements.
 *
 * @returns the names of the migrations that ran, by this process.
 */
export async function migrate({ dataSource, schema }: MigrationTarget): Promise<string[]> {
  const ran: string[] = [];
  for (;;) {
    const names = await exclusively({ dataSource, schema }, async (runner) => {
      // Not IF NOT EXISTS: that needs the right to make schemas even where an operator has made ours.
      const [found] = await runner.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
      if (found === undefined) await runner.query(`CREATE SCHEMA "${schema}"`);
      await moveFormerList(runner, { dataSource, schema });
      return runNext(executor(dataSource, runner));
    });
    if (names.length === 0) return ran;
    ran.push(...names);
  }
}

async function runNext(migrations: MigrationExecutor): Promise<string[]> {
  const [executed, pending] = [await migrations.getExecutedMigrations(), await migrations.getPendingMigrations()];
  const next = executed.length === 0 ? pending : pending.slice(0, 1);
  for (const migration of next) await migrations.executeMigration(migration);
  return next.map((migration) => migration.name);
}

/**
 * Takes the last migration back; with the first one goes the list of migrations. The schema stays: it may be the
 * operator's.
 *
 * @returns its name; null: none had run.
 */
export async function migrateDown({ dataSource, schema }: MigrationTarget): Promise<string | null> {
  return exclusively({ dataSource, schema }, async (runner) => {
    const migrations = executor(dataSource, runner);
    // TypeORM lists the latest first.
    const [last] = await migrations.getExecutedMigrations();
    await migrations.undoLastMigration();
    const left = await migrations.getExecutedMigrations();
    if (left.length === 0) await runner.query(`DROP TABLE "${schema}".${MIGRATIONS_TABLE}`);
    return last?.name ?? null;
  });
}

/** The names of the migrations that have run and of those that have not, each in their order; changes nothing. */
export async function migrationStatus({
  dataSource,
  schema,
}: MigrationTarget): Promise<{ ran: string[]; pending: string[] }> {
  const [found] = await dataSource.query('SELECT to_regclass($1) AS list', [`"${schema}".${MIGRATIONS_TABLE}`]);
  const rows: { name: string }[] =
    found.list === null ? [] : await dataSource.query(`SELECT name FROM "${schema}".${MIGRATIONS_TABLE} ORDER BY id`);
  const ran = rows.map(({ name }) => name);
  const known = namesOf(dataSource);
  return { ran, pending: known.filter((name) => !ran.includes(name)) };
}

/** Where to migrate: a DataSource that is initialized, on the database itself. */
export interface MigrationTarget {
  dataSource: DataSource;
  schema: string;
}

function namesOf({ migrations }: DataSource): string[] {
  return migrations.map((migration) => migration.name ?? migration.constructor.name);
}

/** Takes our own rows out of a list under the former name; what an application wrote there stays. */
async function moveFormerList(runner: QueryRunner, { dataSource, schema }: MigrationTarget): Promise<void> {
  const [ours, former] = [MIGRATIONS_TABLE, FORMER_MIGRATIONS_TABLE].map((table) => `"${schema}".${table}`);
  const [found] = await runner.query('SELECT to_regclass($1) AS ours, to_regclass($2) AS former', [ours, former]);
  if (found.ours !== null || found.former === null) return;
  const names = namesOf(dataSource);
  const [row] = await runner.query(`SELECT FROM ${former} WHERE name = ANY($1)`, [names]);
  if (row === undefined) return;
  await runner.query(
    `CREATE TABLE ${ours} (id serial PRIMARY KEY, "timestamp" bigint NOT NULL, name varchar NOT NULL)`,
  );
  await runner.query(
    `WITH moved AS (DELETE FROM ${former} WHERE name = ANY($1) RETURNING id, "timestamp", name)
     INSERT INTO ${ours} ("timestamp", name) SELECT "timestamp", name FROM moved ORDER BY id`,
    [names],
  );
  const [left] = await runner.query(`SELECT FROM ${former} LIMIT 1`);
  if (left === undefined) await runner.query(`DROP TABLE ${former}`);
}

function executor(dataSource: DataSource, runner: QueryRunner): MigrationExecutor {
  return new MigrationExecutor(dataSource, runner);
}

async function exclusively<Result>(
  { dataSource, schema }: MigrationTarget,
  work: (runner: QueryRunner) => Promise<Result>,
): Promise<Result> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query('SET LOCAL statement_timeout = 0');
    await runner.query('SET LOCAL lock_timeout = 0');
    await runner.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await runner.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`gatehouse migrations ${schema}`]);
    const result = await work(runner);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}
