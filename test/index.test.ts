import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError, type Gateway, startGatewayFromEnvironment } from '../src/index.js';
import { BooksResolver } from './books.resolver.js';
import { createGraphqlClient, type GraphqlAnswer, type GraphqlClient, type Person } from './support/graphql-client.js';
import { makeTestFolder, type TestFolder } from './support/main-run.js';
import { createDatabaseOfOwn, type TestDatabase } from './support/test-database.js';
import { waitUntil } from './support/wait-until.js';

let folder: TestFolder;
let database: TestDatabase;
let gateway: Gateway;
let client: GraphqlClient;
let ada: Person;
beforeAll(async () => {
  folder = await makeTestFolder();
  // Not migrated: that is a part of the start.
  database = await createDatabaseOfOwn(null);
  gateway = await startGatewayFromEnvironment({ resolvers: [BooksResolver], environment: environment() });
  client = createGraphqlClient(gateway.url);
  ada = await client.registerSomebody();
});
afterAll(async () => {
  await gateway.close();
  await database.drop();
  await folder.remove();
});

const environment = () => ({
  DATABASE_URL: database.url,
  GATEHOUSE_DATA_DIR: `${folder.path}/secrets`,
  PORT: '0',
  HASH_WORKERS: '1',
  BCRYPT_COST: '10',
  LOG_LEVEL: 'silent',
});

const OTHER_CONNECTIONS = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`;

const codesOf = ({ errors }: GraphqlAnswer) => errors?.map(({ extensions }) => extensions);

/** Signs in once more, with a role that an operator gave. */
async function signInAsAdmin(): Promise<string> {
  await database.query(`UPDATE gatehouse.users SET roles = '{ADMIN}' WHERE id = $1`, [ada.user.id]);
  return (await client.login(ada)).accessToken;
}

describe("an application's own resolver class", () => {
  it("is served in one schema with the gateway's own", async () => {
    const answer = await client.send('{ me { id } myBooks motto }', {}, ada);
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual({
      me: { id: ada.user.id },
      myBooks: [`The diary of ${ada.user.id}`],
      motto: 'Read.',
    });
  });

  it('is denied to strangers, but for what is marked @Public()', async () => {
    for (const field of ['myBooks', 'bookCount']) {
      const answer = await client.send(`{ ${field} }`);
      expect([field, answer.data, codesOf(answer)]).toEqual([
        field,
        null,
        [{ code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' }],
      ]);
    }
    const open = await client.send('{ motto }');
    expect([open.data, open.errors]).toEqual([{ motto: 'Read.' }, undefined]);
  });

  it('is forbidden without the role, with a row in the audit trail, and answers with it', async () => {
    const refused = await client.send('{ bookCount }', {}, ada);
    expect([refused.data, codesOf(refused)]).toEqual([null, [{ code: 'FORBIDDEN' }]]);
    const rows = await database.query<{ kind: string }>(
      `SELECT kind FROM gatehouse.audit_events WHERE user_id = $1 AND kind = 'AUTHORIZATION_REFUSED'`,
      [ada.user.id],
    );
    expect(rows).toHaveLength(1);
    expect((await client.send('{ bookCount }', {}, { accessToken: await signInAsAdmin() })).data).toEqual({
      bookCount: 1,
    });
  });
});

describe('a gateway that an application starts', () => {
  it('names every fault of the settings at once, and starts nothing', async () => {
    const start = startGatewayFromEnvironment({ environment: { NODE_ENV: 'production', PORT: 'many' } });
    const fault = await start.catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(ConfigError);
    for (const name of ['PORT', 'DATABASE_URL', 'REFRESH_TOKEN_SECRETS', 'SIGNING_KEYS_FILE']) {
      expect(String(fault)).toContain(name);
    }
  });

  it('leaves no connection to the database when it closes, or when its start fails', async () => {
    const own = await createDatabaseOfOwn();
    const taken = createServer();
    try {
      const port = await new Promise<number>((resolve) => {
        taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
      });
      const settings = { ...environment(), DATABASE_URL: own.url };
      const failed = startGatewayFromEnvironment({ environment: { ...settings, PORT: String(port) } });
      await expect(failed).rejects.toMatchObject({ code: 'EADDRINUSE' });
      const second = await startGatewayFromEnvironment({ environment: settings });
      expect((await fetch(`${second.url}/health/live`)).status).toBe(200);
      await second.close();
      await expect(fetch(`${second.url}/health/live`)).rejects.toThrow();
      await waitUntil('no connection is left', async () => (await own.query(OTHER_CONNECTIONS)).length === 0);
    } finally {
      taken.close();
      await own.drop();
    }
  });
});
