import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDatabaseProxy } from './support/database-proxy.js';
import { startGatewayProcess } from './support/gateway-process.js';
import { GOOD_PASSWORD, REGISTER } from './support/graphql-client.js';
import { beginMain, isProcessAlive, makeTestFolder, runMain, type TestFolder } from './support/main-run.js';
import { rawConnection } from './support/raw-http.js';
import { lockTable } from './support/table-gate.js';
import { createDatabaseOfOwn, type TestDatabase } from './support/test-database.js';

/** A few waits of the database's driver one after the other, each of 6 s. */
const STOPS_WITHIN_MS = 45_000;

let folder: TestFolder;
let database: TestDatabase;
beforeAll(async () => {
  folder = await makeTestFolder();
  database = await createDatabaseOfOwn();
});
afterAll(async () => {
  await database.drop();
  await folder.remove();
});

const environment = () => ({
  DATABASE_URL: database.url,
  GATEHOUSE_DATA_DIR: `${folder.path}/secrets`,
  BCRYPT_COST: '10',
});

/** Resolves when nothing listens on the port any more; the test's own time limit is the bound. */
async function listenerGone(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' });
    const isTaken = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (!isTaken) return;
    await pause(10);
  }
}

describe.each(['SIGTERM', 'SIGINT'] as const)('on %s', (signal) => {
  it('a request in flight is answered, idle connections are closed, and the process ends with 0', async () => {
    const gateway = await startGatewayProcess(environment(), { cwd: folder.path });
    const port = Number(new URL(gateway.url).port);
    const idle = await rawConnection({ port });
    idle.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await idle.until(/"?ok|alive|live|\}$/i);
    const table = await lockTable({ url: database.url, table: 'gatehouse.user_emails' });
    const input = { email: `${signal}@x.io`, password: GOOD_PASSWORD };
    const answer = gateway.send(REGISTER, { input });
    await table.waiting(1);
    const stopped = gateway.stop(signal);
    // npm sends each signal twice.
    gateway.child.kill(signal);
    await listenerGone(port);
    await idle.closed();
    expect(gateway.child.exitCode).toBeNull();
    await table.release();
    expect((await answer).data.register).toMatchObject({
      __typename: 'AuthPayload',
      user: { email: input.email.toLowerCase() },
    });
    expect(await stopped).toBe(0);
    expect(gateway.output.join('\n')).toContain('"event":"stopped"');
    expect(gateway.output.join('\n')).not.toContain('stop_failed');
  });
});

describe('on SIGTERM while the database hangs', () => {
  it('what is in flight is answered as not available, and the process ends by itself in bounded time', async () => {
    const proxy = await startDatabaseProxy(database.url);
    try {
      const gateway = await startGatewayProcess({ ...environment(), DATABASE_URL: proxy.url }, { cwd: folder.path });
      const ada = await gateway.registerSomebody();
      // A sight that is left to be written.
      await gateway.me(ada.accessToken);
      proxy.setOpen(false);
      const inFlight = gateway.refresh(ada.refreshToken);
      const closed = once(gateway.child, 'close');
      await fetch(`${gateway.url}/health/live`);
      gateway.child.kill('SIGTERM');
      expect((await inFlight).errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE');
      const ended = await Promise.race([
        closed.then(() => 'ended'),
        pause(STOPS_WITHIN_MS, 'still runs', { ref: false }),
      ]);
      if (ended !== 'ended') gateway.child.kill('SIGKILL');
      expect(ended).toBe('ended');
      expect(gateway.child.signalCode).toBeNull();
    } finally {
      await proxy.close();
    }
  });
});

describe('on SIGTERM while it still starts', () => {
  it('the embedded server is ended, too, and the process ends with 0', async () => {
    const dataDir = folder.dataDir('early');
    const main = beginMain([], { GATEHOUSE_DATA_DIR: dataDir }, { cwd: folder.path });
    await main.said(/embedded PostgreSQL started/);
    main.child.kill('SIGTERM');
    const { code, stdout, stderr } = await main.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(isProcessAlive(Number(/"pid":(\d+)/.exec(stdout)?.[1]))).toBe(false);
    const again = await runMain(['migrate', 'run'], { GATEHOUSE_DATA_DIR: dataDir }, { cwd: folder.path });
    expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('waiting for the migrations of another gateway, it ends without them', async () => {
    const blocked = await createDatabaseOfOwn();
    try {
      const table = await lockTable({ url: blocked.url, table: 'gatehouse.gatehouse_migrations' });
      const main = beginMain([], { ...environment(), DATABASE_URL: blocked.url }, { cwd: folder.path });
      await table.waiting(1);
      main.child.kill('SIGTERM');
      expect(await main.ended).toMatchObject({ code: 0, stderr: '' });
      await table.release();
    } finally {
      await blocked.drop();
    }
  });
});
