import { randomUUID } from 'node:crypto';
import process from 'node:process';
import pg from 'pg';
import { createTestDatabase, dropTestDatabase } from './database-cluster.js';
import { ADMIN_URL_VARIABLE, TEMPLATE } from './global-setup.js';

/** The port of a pooler before the run's server, in a run that has one. */
export const POOLER_PORT_VARIABLE = 'GATEHOUSE_TEST_POOLER_PORT';

/** A migrated database of a test file's own. */
export interface TestDatabase {
  url: string;
  /** As gateways reach it: by way of the run's pooler, where it has one. */
  pooledUrl: string;
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
    pooledUrl: byWayOfPooler(url),
    query: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await pool.query<Row>(text, values)).rows,
    drop: async () => {
      await pool.end();
      await dropTestDatabase({ adminUrl, name });
    },
  };
}

function byWayOfPooler(databaseUrl: string): string {
  const port = process.env[POOLER_PORT_VARIABLE];
  if (port === undefined) return databaseUrl;
  const url = new URL(databaseUrl);
  url.searchParams.delete('host');
  url.hostname = '127.0.0.1';
  url.port = port;
  return url.href;
}
