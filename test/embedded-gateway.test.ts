import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGateway, forbidden, type GatewayOptions, readConfig } from '../src/index.js';
import { createLogger } from '../src/platform/logger.js';
import { BooksResolver, type Shop } from './books.resolver.js';
import { freePort } from './support/free-port.js';
import { createGraphqlClient } from './support/graphql-client.js';
import { makeTestFolder, type TestFolder } from './support/main-run.js';
import { lockTable } from './support/table-gate.js';
import { createDatabaseOfOwn, type TestDatabase } from './support/test-database.js';
import { waitUntil } from './support/wait-until.js';

const OTHER_CONNECTIONS = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`;

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

function options(changes: Record<string, string> = {}): GatewayOptions<Shop> {
  const settings = {
    DATABASE_URL: database.url,
    GATEHOUSE_DATA_DIR: `${folder.path}/secrets`,
    PORT: '0',
    HASH_WORKERS: '1',
    BCRYPT_COST: '10',
  };
  return {
    resolvers: [BooksResolver],
    config: readConfig({ ...settings, ...changes }),
    log: createLogger('silent'),
    extendContext: () => ({ shop: 'the corner', language: 'anything' }),
  };
}

describe('what an application throws in extendContext', () => {
  const query = '{ motto }';
  /** Throws it for a request over HTTP and for one without; answers what the client sees and what was logged. */
  async function thrown(extendContext: () => Shop) {
    const lines: string[] = [];
    const log = createLogger('info', { write: (line: string) => void lines.push(line) });
    const gateway = createGateway({ ...options(), log, extendContext });
    const { url } = await gateway.start();
    lines.splice(0);
    const there = await createGraphqlClient(url).send(query);
    const here = await gateway.executeOperation({ query });
    await gateway.stop();
    const faults = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'internal_error');
    return { there, here, faults };
  }

  it('is logged under the id that the client is told, and masked', async () => {
    const { there, here, faults } = await thrown(() => {
      throw new Error('no tenant "secret"');
    });
    expect([there.status, there.data ?? null]).toEqual([200, null]);
    for (const [index, errors] of [there.errors, here.errors].entries()) {
      const { requestId } = faults[index];
      expect(requestId).toEqual(expect.any(String));
      expect(JSON.parse(JSON.stringify(errors))).toEqual([
        { message: 'Something went wrong on our side.', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } },
      ]);
      expect(faults[index].err).toMatchObject({ message: 'no tenant "secret"', stack: expect.stringContaining('at ') });
    }
    expect(faults).toHaveLength(2);
    expect(there.headers.get('x-request-id')).toBe(faults[0].requestId);
  });

  it('reaches the client where it has a code for clients, with status 200 like all others', async () => {
    const { there, here, faults } = await thrown(() => {
      throw forbidden();
    });
    expect(there.status).toBe(200);
    for (const errors of [there.errors, here.errors]) {
      expect(JSON.parse(JSON.stringify(errors))).toEqual([
        { message: 'You may not do this.', extensions: { code: 'FORBIDDEN' } },
      ]);
    }
    expect(faults).toEqual([]);
  });

  it('is a fault where it would replace what is ours', async () => {
    const { there, faults } = await thrown(() => ({ auth: { state: 'authenticated' } }) as never);
    expect(there.errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(faults[0].err.message).toContain('can\'t replace "auth"');
  });
});

describe('stop() while the gateway starts', () => {
  const isOpen = async (port: number) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const isTaken = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    return isTaken;
  };

  it.each([0, 1, 50, 100, 200, 400])(
    '%d ms after the beginning, leaves nothing that serves, and no connection',
    async (ms) => {
      const own = await createDatabaseOfOwn();
      const port = await freePort();
      const gateway = createGateway(options({ DATABASE_URL: own.url, PORT: String(port) }));
      const started = gateway.start().then(
        () => 'started',
        (error: Error) => error.message,
      );
      await new Promise((resolve) => setTimeout(resolve, ms));
      await gateway.stop();
      expect(await isOpen(port)).toBe(false);
      expect(typeof (await started)).toBe('string');
      await waitUntil('no connection is left', async () => (await own.query(OTHER_CONNECTIONS)).length === 0);
      await own.drop();
    },
  );

  it('that waits for the migrations of another, fails that start', async () => {
    const own = await createDatabaseOfOwn();
    const table = await lockTable({ url: own.url, table: 'gatehouse.gatehouse_migrations' });
    const gateway = createGateway(options({ DATABASE_URL: own.url }));
    const started = gateway.start();
    const refused = expect(started).rejects.toThrow('the gateway was stopped');
    await table.waiting(1);
    const stopped = gateway.stop();
    await table.release();
    await Promise.all([refused, stopped]);
    await own.drop();
  });

  it('is final', async () => {
    const gateway = createGateway(options());
    await gateway.stop();
    await expect(gateway.start()).rejects.toThrow('the gateway was stopped');
    await expect(gateway.executeOperation({ query: '{ motto }' })).rejects.toThrow('the gateway was stopped');
  });
});
