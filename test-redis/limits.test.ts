import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { type GraphqlClient, LOGIN, type Person } from '../test/support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../test/support/test-gateway.js';
import { waitUntil } from '../test/support/wait-until.js';
import { type RedisServer, startRedis } from './redis-server.js';

let redis: RedisServer;
let gate: TestGateway;
let networks = 0;
beforeAll(async () => {
  redis = await startRedis();
  gate = await startTestGateway({
    REDIS_URL: redis.url,
    TRUSTED_PROXIES: 'loopback',
    LIMIT_LOGIN_ACCOUNT_NETWORK: '4/900',
    LIMIT_LOGIN_ACCOUNT_UNKNOWN_DEVICES: '6/3600',
  });
  await waitForRedis();
});
afterAll(async () => {
  await gate?.close();
  await redis?.stop();
});

/** Until the gateway counts there: a login leaves a key. */
async function waitForRedis(): Promise<void> {
  const client = new Redis(redis.url);
  await waitUntil('tries are counted in Redis', async () => {
    await outcomes(gate, `${randomUUID()}@example.org`, 1);
    return (await client.dbsize()) > 0;
  });
  client.disconnect();
}

const newNetwork = () => {
  networks += 1;
  return `192.0.2.${networks}`;
};

async function outcomes(client: GraphqlClient, email: string, count: number, network = newNetwork()) {
  const options = { headers: { 'x-forwarded-for': network } };
  const input = { email, password: 'wrong' };
  const answers = await Promise.all(Array.from({ length: count }, () => client.send(LOGIN, { input }, options)));
  return answers.map(({ data, errors }) => data?.login?.__typename ?? errors?.[0]?.extensions.code).sort();
}

const some = (failed: number, limited: number) => [
  ...Array<string>(failed).fill('InvalidCredentials'),
  ...Array<string>(limited).fill('RATE_LIMITED'),
];

it('B2: of many at once, through two gateways, exactly the limit reach the hasher; PostgreSQL holds no counter', async () => {
  const sibling = await gate.startSibling();
  await outcomes(sibling, `${randomUUID()}@example.org`, 1);
  const email = `${randomUUID()}@example.org`;
  const network = newNetwork();
  await waitUntil('both count together', async () => {
    const probe = `${randomUUID()}@example.org`;
    const there = newNetwork();
    await outcomes(gate, probe, 3, there);
    return (await outcomes(sibling, probe, 3, there)).includes('RATE_LIMITED');
  });
  const both = await Promise.all([outcomes(gate, email, 5, network), outcomes(sibling, email, 5, network)]);
  expect(both.flat().sort()).toEqual(some(4, 6));
  expect(await gate.database.query('SELECT FROM gatehouse.limit_counters')).toEqual([]);
  await sibling.gateway.close();
});

it('a success gives its points back, and a refused try takes none elsewhere', async () => {
  const ada: Person = await gate.registerSomebody();
  const network = newNetwork();
  for (let index = 0; index < 8; index += 1) await gate.login(ada, { headers: { 'x-forwarded-for': network } });
  expect(await outcomes(gate, ada.email, 10, network)).toEqual(some(4, 6));
  // Of the six that strangers have, two are left.
  expect(await outcomes(gate, ada.email, 4)).toEqual(some(2, 2));
});

it('no key holds an address or an account', async () => {
  const client = new Redis(redis.url);
  const keys = await client.keys('*');
  expect(keys.length).toBeGreaterThan(3);
  for (const key of keys) expect(key).toMatch(/^gatehouse:limit:[A-Za-z0-9_-]{43}$/);
  client.disconnect();
});

it('B8: while Redis is away the process counts, and Redis again when it is back; nobody waits long', async () => {
  await redis.stop();
  expect(await outcomes(gate, `${randomUUID()}@example.org`, 9)).toEqual(some(4, 5));
  expect(gate.logLines.join()).toMatch(/limit_store_away/);
  await redis.start();
  await waitForRedis();
});

it('B8: starts without Redis, and counts', async () => {
  const config = { ...gate.parts.config, redisUrl: 'redis://127.0.0.1:1' };
  const alone = await gate.startSibling({ config });
  expect(await outcomes(alone, `${randomUUID()}@example.org`, 9)).toEqual(some(4, 5));
  await alone.gateway.close();
});
