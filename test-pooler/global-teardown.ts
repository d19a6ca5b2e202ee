import stopCluster from '../test/support/global-teardown.js';

export default async function globalTeardown(): Promise<void> {
  await globalThis.gatehouseTestPooler?.stop();
  await stopCluster();
}
