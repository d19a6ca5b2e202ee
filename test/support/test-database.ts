import { randomUUID } from 'node:crypto';
import process from 'node:process';
import pg from 'pg';
import { createTestDatabase, dropTestDatabase } from './database-cluster.js';
import { ADMIN_URL_VARIABLE, TEMPLATE } from './global-setup.js';

/** A migrated database of a test file's own. */
export interface TestDatabase {
  url: string;
  /** Asks the database past the gateway: what stands in its tables, or what an operator would change there. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** Copies the migrated template. */
export async function createDatabaseOfOwn(template: string | null = TEMPLATE): Promise<TestDatabase> {
  const adminUrl = process.env[ADMIN_URL_VARIABLE];
  if (adminUrl === undefined) throw new Error('no PostgreSQL: the run has no global setup');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = await createTestDatabase({ adminUrl, name, ...(template === null ? {} : { template }) });
  const pool = new pg.Pool({ connectionString: url, max: 5 });
  pool.on('error', () => undefined);
  return {
    url,
    query: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await pool.query<Row>(text, values)).rows,
    drop: async () => {
      await pool.end();
      await dropTestDatabase({ adminUrl, name });
    },
  };
}
