import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';

/**
 * Brings the schema up to date; any number of processes may call it at once: the first does the work, the others
 * wait for it. All in one transaction: a failure leaves the database as it was.
 *
 * @returns the names of the migrations that ran.
 */
export async function migrate({ dataSource, schema }: MigrationTarget): Promise<string[]> {
  return exclusively({ dataSource, schema }, async (runner) => {
    // Not IF NOT EXISTS: that needs the right to make schemas even where an operator has made ours.
    const [found] = await runner.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
    if (found === undefined) await runner.query(`CREATE SCHEMA "${schema}"`);
    const ran = await executor(dataSource, runner).executePendingMigrations();
    return ran.map((migration) => migration.name);
  });
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
    if (left.length === 0) await runner.query(`DROP TABLE "${schema}".migrations`);
    return last?.name ?? null;
  });
}

/** The names of the migrations that have run and of those that have not, each in their order; changes nothing. */
export async function migrationStatus({
  dataSource,
  schema,
}: MigrationTarget): Promise<{ ran: string[]; pending: string[] }> {
  const [found] = await dataSource.query('SELECT to_regclass($1) AS list', [`"${schema}".migrations`]);
  const rows: { name: string }[] =
    found.list === null ? [] : await dataSource.query(`SELECT name FROM "${schema}".migrations ORDER BY id`);
  const ran = rows.map(({ name }) => name);
  const known = dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
  return { ran, pending: known.filter((name) => !ran.includes(name)) };
}

/** Where to migrate: a DataSource that is initialized, on the database itself. */
export interface MigrationTarget {
  dataSource: DataSource;
  schema: string;
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
