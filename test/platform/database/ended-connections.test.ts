import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { startDatabaseProxy } from '../../support/database-proxy.js';
import { startGatewayProcess } from '../../support/gateway-process.js';
import { createDatabaseOfOwn } from '../../support/test-database.js';

it('goes on where the server ends connections in the moment in which they are made', async () => {
  const database = await createDatabaseOfOwn();
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-ended-'));
  const proxy = await startDatabaseProxy(database.url);
  const settings = { DATABASE_URL: proxy.url, GATEHOUSE_DATA_DIR: folder, BCRYPT_COST: '10', HASH_WORKERS: '1' };
  const gateway = await startGatewayProcess(settings, { cwd: folder });
  try {
    const ada = await gateway.registerSomebody();
    const mend = proxy.endNewConnections();
    // More at once than there are connections yet.
    const answers = await Promise.all(Array.from({ length: 8 }, () => gateway.send('{ me { id } }', {}, ada)));
    const refreshed = await Promise.all(Array.from({ length: 8 }, () => gateway.refresh(ada.refreshToken)));
    for (const { errors } of [...answers, ...refreshed]) {
      expect(['SERVICE_UNAVAILABLE', undefined]).toContain(errors?.[0]?.extensions.code);
    }
    mend();
    expect((await gateway.refresh(ada.refreshToken)).tokens?.user.id).toBe(ada.user.id);
    expect(gateway.child.exitCode).toBeNull();
  } finally {
    await gateway.stop();
    await proxy.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
});
