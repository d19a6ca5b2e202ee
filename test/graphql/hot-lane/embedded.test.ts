import 'reflect-metadata';
import { ApolloServer } from '@apollo/server';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGateway, forbidden, type Gateway, type GatewayOptions, readConfig } from '../../../src/index.js';
import { createLogger } from '../../../src/platform/logger.js';
import { makeTestFolder, type TestFolder } from '../../support/main-run.js';
import { createDatabaseOfOwn, type TestDatabase } from '../../support/test-database.js';
import { RefusingResolver } from './refusing.resolver.js';
import { type Comparing, codesOf, type Door, type Sent, sameInBothLanes } from './two-lanes.js';

let folder: TestFolder;
let database: TestDatabase;
let gateways: Gateway[];
let lanes: { hot: Door; cold: Door };
beforeAll(async () => {
  folder = await makeTestFolder();
  database = await createDatabaseOfOwn();
  gateways = [];
  lanes = { hot: await serve('true'), cold: await serve('false') };
  await same({ body: { query: '{ __typename }' } });
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.stop();
  await database.drop();
  await folder.remove();
});

/** What the application makes of a header: an extension, or a failure. */
const extendContext: GatewayOptions['extendContext'] = async (_, { headers }) => {
  const wish = headers['x-wish'];
  if (wish === 'fail') throw new Error('no tenant "secret"');
  if (wish === 'forbid') throw forbidden();
  if (wish === 'replace') return { auth: 'mine' };
  if (wish === 'throw a text') throw 'no tenant "secret"';
  return { tenant: wish };
};

async function serve(HOT_LANE: string): Promise<Door> {
  const logLines: string[] = [];
  const settings = { DATABASE_URL: database.url, GATEHOUSE_DATA_DIR: `${folder.path}/secrets`, PORT: '0', HOT_LANE };
  const gateway = createGateway({
    resolvers: [RefusingResolver],
    config: readConfig({ ...settings, HASH_WORKERS: '1', BCRYPT_COST: '10' }),
    log: createLogger('info', { write: (line: string) => void logLines.push(line) }),
    extendContext,
  });
  gateways.push(gateway);
  const { url } = await gateway.start();
  return { url, logLines };
}

const same = (sent: Sent, how?: Comparing<Door>) => sameInBothLanes(lanes, () => sent, how);
const asking = (wish: string, accept = 'application/json') => ({
  body: { query: '{ __typename }' },
  headers: { 'x-wish': wish, accept },
});

describe('both lanes answer the same where an application makes the context', () => {
  it.each([
    ['fail', 'INTERNAL_SERVER_ERROR'],
    ['forbid', 'FORBIDDEN'],
    ['replace', 'INTERNAL_SERVER_ERROR'],
    ['throw a text', 'INTERNAL_SERVER_ERROR'],
  ])('and it does not: %s', async (wish, code) => {
    const seen = await same(asking(wish));
    expect([seen.status, codesOf(seen), seen.json.data]).toEqual([200, [code], undefined]);
    expect(seen.body).not.toContain('secret');
    expect((await same(asking('nothing'))).status).toBe(200);
  });

  it('and it does not for a client that takes no JSON: nothing is learned of such an answer', async () => {
    expect((await same(asking('forbid', 'image/gif'), { by: 'apollo' })).status).toBe(200);
    expect((await same(asking('nothing', 'image/gif'), { by: 'apollo' })).status).toBe(406);
  });
});

it('what another server of the same options takes is not known to the lane', async () => {
  const [gateway] = gateways;
  if (gateway === undefined) throw new Error('nothing serves');
  const lenient = new ApolloServer({ ...(await gateway.apolloOptions()), validationRules: [] });
  const query = `{ ${Array.from({ length: 30 }, (_, index) => `a${index}: __typename`).join(' ')} }`;
  const contextValue = { requestNotes: {} } as never;
  const { body } = await lenient.executeOperation({ query }, { contextValue });
  expect(body).toMatchObject({ kind: 'single', singleResult: { data: { a29: 'Query' } } });
  await lenient.stop();
  const seen = await same({ body: { query } }, { by: 'apollo' });
  expect([seen.status, codesOf(seen)]).toEqual([400, ['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_VALIDATION_FAILED']]);
});
