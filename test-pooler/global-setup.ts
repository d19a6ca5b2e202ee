import process from 'node:process';
import startCluster, { ADMIN_URL_VARIABLE } from '../test/support/global-setup.js';
import { POOLER_PORT_VARIABLE } from '../test/support/test-database.js';
import { type Pooler, startPooler } from './pooler.js';

declare global {
  var gatehouseTestPooler: Pooler | undefined;
}

/** The PostgreSQL of every run, and a pooler before it, by which the gateways go. */
export default async function globalSetup(): Promise<void> {
  await startCluster();
  const pooler = await startPooler({
    program: process.env['GATEHOUSE_TEST_PGBOUNCER'] ?? 'pgbouncer',
    databaseUrl: process.env[ADMIN_URL_VARIABLE] ?? '',
  });
  globalThis.gatehouseTestPooler = pooler;
  process.env[POOLER_PORT_VARIABLE] = String(pooler.port);
}
