import process from 'node:process';
import { createDataSource } from '../../src/data-source.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { createTestDatabase, startTestCluster, type TestCluster } from './database-cluster.js';

export const TEMPLATE = 'gatehouse_template';
export const ADMIN_URL_VARIABLE = 'GATEHOUSE_TEST_ADMIN_URL';

declare global {
  var gatehouseTestCluster: TestCluster | undefined;
}

/** One PostgreSQL for the run, with a migrated database to copy. */
export default async function globalSetup(): Promise<void> {
  const cluster = await startTestCluster();
  globalThis.gatehouseTestCluster = cluster;
  const url = await createTestDatabase({ adminUrl: cluster.adminUrl, name: TEMPLATE });
  const schema = 'gatehouse';
  const dataSource = createDataSource({ url, schema, poolMax: 1, isPooled: false, hasTimeouts: false });
  await dataSource.initialize();
  await migrate({ dataSource, schema });
  await dataSource.destroy();
  process.env[ADMIN_URL_VARIABLE] = cluster.adminUrl;
}
