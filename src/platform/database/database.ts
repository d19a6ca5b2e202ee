import pRetry from 'p-retry';
import type { ClientBase, Pool } from 'pg';
import { raw, type Sql } from 'sql-template-tag';
import type { DataSource, QueryRunner } from 'typeorm';
import { ServiceUnavailable } from '../service-unavailable.js';
import { traced } from '../tracing.js';
import { DatabaseError, isPassing, isStuck, outward, toDatabaseError } from './database-error.js';
import { surviveEndedConnections } from './survive-ended-connections.js';

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
  /** How the pool is used; null: it is none that can be told of. */
  poolUse(): { total: number; idle: number; waiting: number; max: number } | null;
}

const QUEUE_RETRY_AFTER_SECONDS = 1;
const RETRIES = { retries: 3, minTimeout: 25, factor: 2, maxTimeout: 250, randomize: true };

/**
 * Statements on a DataSource that is initialized: passing failures are tried again, a few times and with jitter.
 *
 * `isPooled`: behind a pooler in transaction mode the next statement may run on another connection, where a statement
 * that was prepared under a name is not known (pgbouncer before 1.21).
 *
 * @throws {ServiceUnavailable} `DATABASE_QUEUE_FULL` at once where so many statements run or wait already.
 */
export function createDatabase(needs: {
  dataSource: DataSource;
  schema: string;
  isPooled: boolean;
  /** Statements that may run or wait for a connection at a time. Default: as many as come. */
  statementsMax?: number;
}): Database {
  const { dataSource, schema, isPooled, statementsMax = Number.POSITIVE_INFINITY } = needs;
  surviveEndedConnections(dataSource);
  let inProgress = 0;
  const nameOf = isPooled ? () => undefined : createStatementNames();
  const withRunner = async <Result>(work: (runner: QueryRunner) => Promise<Result>): Promise<Result> => {
    if (inProgress >= statementsMax) throw new ServiceUnavailable('DATABASE_QUEUE_FULL', QUEUE_RETRY_AFTER_SECONDS);
    inProgress += 1;
    const runner = dataSource.createQueryRunner();
    try {
      return await work(runner);
    } catch (error) {
      if (error instanceof DatabaseError && isStuck(error)) await discardConnection(runner);
      throw error;
    } finally {
      inProgress -= 1;
      await runner.release();
    }
  };
  return {
    schema,
    table: (name) => raw(`"${schema}"."${name}"`),
    poolUse: () => poolUse(dataSource),
    query: (statement) => retried(() => withRunner((runner) => statementsOf(runner, nameOf).query(statement))),
    transaction: (work) =>
      retried(() => withRunner((runner) => inTransaction(runner, statementsOf(runner, nameOf), work))),
  };
}

/** By what the driver's pool has, whichever DataSource it is of. */
function poolUse({ driver }: DataSource): ReturnType<Database['poolUse']> {
  const { master } = driver as { master?: Partial<Pool> };
  const { totalCount: total, idleCount: idle, waitingCount: waiting, options } = master ?? {};
  if (total === undefined || idle === undefined || waiting === undefined) return null;
  return { total, idle, waiting, max: options?.max ?? 10 };
}

/** Closes the connection that a runner holds: the pool replaces it. */
async function discardConnection(runner: QueryRunner): Promise<void> {
  const connection: { end(): Promise<void> } = await runner.connect();
  connection.end().catch(() => undefined);
}

type NameOf = (text: string) => string | undefined;

/** The gateway's statements are few and their values are parameters; the bound is for what nobody foresaw. */
const NAMED_STATEMENTS_MAX = 200;

/** PostgreSQL parses and plans a statement with a name once a connection, not once a call. */
function createStatementNames(): NameOf {
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined || names.size >= NAMED_STATEMENTS_MAX) return known;
    const name = `gatehouse_${names.size}`;
    names.set(text, name);
    return name;
  };
}

function statementsOf(runner: QueryRunner, nameOf: NameOf): Statements {
  return {
    query: async <Row>({ text, values }: Sql) => {
      // The driver's own connection: TypeORM's `query` takes no name for a statement.
      const send = async () => {
        const connection: ClientBase = await failing(runner.connect());
        const { rows } = await failing(connection.query({ text, values, name: nameOf(text) }));
        return rows as Row[];
      };
      // Its text alone: values are parameters, and stay out of traces.
      return traced('statement', () => ({ 'db.system.name': 'postgresql', 'db.query.text': text }), send);
    },
  };
}

async function inTransaction<Result>(
  runner: QueryRunner,
  statements: Statements,
  work: (statements: Statements) => Promise<Result>,
) {
  await failing(runner.startTransaction());
  try {
    const result = await work(statements);
    await failing(runner.commitTransaction());
    return result;
  } catch (error) {
    // A failed rollback means a lost connection, on which the server rolls back by itself; the first error counts.
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

/** What the driver or TypeORM rejects with, cleaned; faults of our own code keep their class and stack. */
async function failing<Result>(statement: Promise<Result>): Promise<Result> {
  try {
    return await statement;
  } catch (error) {
    throw toDatabaseError(error);
  }
}

async function retried<Result>(attempt: () => Promise<Result>): Promise<Result> {
  try {
    return await pRetry(attempt, {
      ...RETRIES,
      shouldRetry: ({ error }) => error instanceof DatabaseError && isPassing(error),
    });
  } catch (error) {
    throw error instanceof DatabaseError ? outward(error) : error;
  }
}
