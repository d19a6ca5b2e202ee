import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { graphql } from 'graphql';
import { createGateway, type Gateway, readConfig } from '../../src/index.js';
import { generousLimits } from '../support/generous-limits.js';
import { makeTestFolder, type TestFolder } from '../support/main-run.js';
import { createDatabaseOfOwn, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let folder: TestFolder;
let gateway: Gateway;
beforeAll(async () => {
  [database, folder] = [await createDatabaseOfOwn(), await makeTestFolder()];
  gateway = createGateway({
    config: readConfig({
      DATABASE_URL: database.url,
      GATEHOUSE_DATA_DIR: `${folder.path}/data`,
      BCRYPT_COST: '10',
      LOG_LEVEL: 'silent',
      ...generousLimits,
      LIMIT_LOGIN_ACCOUNT_NETWORK: '4/900',
      LIMIT_REGISTER_NETWORK: '3/900',
    }),
  });
  await gateway.open();
});
afterAll(async () => {
  await gateway.stop();
  await database.drop();
  await folder.remove();
});

/** As a server would that knows none of our rules for operations. */
async function execute(source: string): Promise<void> {
  const req = { headers: {}, rawHeaders: [], socket: { remoteAddress: '192.0.2.1' } };
  const exchange = { req, res: { setHeader: () => undefined } } as unknown as Parameters<Gateway['context']>[0];
  const { errors } = await graphql({ schema: gateway.schema, source, contextValue: await gateway.context(exchange) });
  expect(errors?.map(({ originalError }) => originalError?.name)).toEqual(['RateLimited']);
}

const rowsOf = async (statement: string) => (await database.query(statement)).length;

const many = (count: number, field: (index: number) => string) =>
  `mutation { ${Array.from({ length: count }, (_, index) => `a${index}: ${field(index)}`).join(' ')} }`;

describe('B1: aliases in a server that takes them', () => {
  it('count as many logins as they are', async () => {
    const login = 'login(input: { email: "ada@example.org", password: "wrong" }) { __typename }';
    await execute(many(9, () => login));
    expect(await rowsOf("SELECT FROM gatehouse.audit_events WHERE kind = 'LOGIN_FAILED'")).toBe(4);
  });

  it('count as many registrations as they are', async () => {
    const register = (index: number) =>
      `register(input: { email: "p${index}@example.org", password: "a long enough passphrase" }) { __typename }`;
    await execute(many(6, register));
    expect(await rowsOf('SELECT FROM gatehouse.users')).toBe(3);
  });
});
