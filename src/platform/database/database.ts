import pRetry from 'p-retry';
import { raw, type Sql } from 'sql-template-tag';
import type { DataSource, QueryRunner } from 'typeorm';
import { isPassing, isStuck, outward, toDatabaseError } from './database-error.js';

/** Sends statements; what a transaction's work is given, too. */
export interface Statements {
  /**
   * Runs one statement and answers its rows.
   *
   * @throws {ServiceUnavailable} where the database is away, full or slow; {@link DatabaseError} otherwise.
   */
  query<Row>(statement: Sql): Promise<Row[]>;
}

/** The gateway's tables in PostgreSQL. */
export interface Database extends Statements {
  /** Runs the work in one transaction; it may run more than once, so its ids are made outside. */
  transaction<Result>(work: (statements: Statements) => Promise<Result>): Promise<Result>;
  /** A table's qualified, quoted name. */
  table(name: string): Sql;
  /** The schema of the tables, unquoted. */
  readonly schema: string;
}

const RETRIES = { retries: 3, minTimeout: 25, factor: 2, maxTimeout: 250, randomize: true };

/** Statements on a DataSource that is initialized: passing failures are tried again, a few times and with jitter. */
export function createDatabase({ dataSource, schema }: { dataSource: DataSource; schema: string }): Database {
  const withRunner = async <Result>(work: (runner: QueryRunner) => Promise<Result>): Promise<Result> => {
    const runner = dataSource.createQueryRunner();
    try {
      return await work(runner);
    } catch (error) {
      if (isStuck(toDatabaseError(error))) await discardConnection(runner);
      throw error;
    } finally {
      await runner.release();
    }
  };
  return {
    schema,
    table: (name) => raw(`"${schema}"."${name}"`),
    query: (statement) => retried(() => withRunner((runner) => statementsOf(runner).query(statement))),
    transaction: (work) => retried(() => withRunner((runner) => inTransaction(runner, work))),
  };
}

/** Closes the connection that a runner holds: the pool replaces it. */
async function discardConnection(runner: QueryRunner): Promise<void> {
  const connection: { end(): Promise<void> } = await runner.connect();
  connection.end().catch(() => undefined);
}

function statementsOf(runner: QueryRunner): Statements {
  return {
    query: async <Row>(statement: Sql) => {
      const { records } = await runner.query(statement.text, statement.values, true);
      return records as Row[];
    },
  };
}

async function inTransaction<Result>(runner: QueryRunner, work: (statements: Statements) => Promise<Result>) {
  await runner.startTransaction();
  try {
    const result = await work(statementsOf(runner));
    await runner.commitTransaction();
    return result;
  } catch (error) {
    // A failed rollback means a lost connection, on which the server rolls back by itself; the first error counts.
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

async function retried<Result>(attempt: () => Promise<Result>): Promise<Result> {
  const cleaned = () =>
    attempt().catch((error: unknown) => {
      throw toDatabaseError(error);
    });
  try {
    return await pRetry(cleaned, { ...RETRIES, shouldRetry: ({ error }) => isPassing(toDatabaseError(error)) });
  } catch (error) {
    throw outward(toDatabaseError(error));
  }
}
