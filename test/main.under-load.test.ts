import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type GatewayProcess, startGatewayProcess } from './support/gateway-process.js';
import { GOOD_PASSWORD, LOGIN, REGISTER } from './support/graphql-client.js';
import { createDatabaseOfOwn, type TestDatabase } from './support/test-database.js';
import { waitUntil } from './support/wait-until.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabaseOfOwn();
});
afterAll(() => database.drop());

const start = (environment: Record<string, string> = {}): Promise<GatewayProcess> =>
  startGatewayProcess({ DATABASE_URL: database.url, HASH_WORKERS: '1', ...environment });

it('W10: twenty logins at once do not hold up { __typename }', async () => {
  const gateway = await start({ BCRYPT_COST: '11' });
  try {
    const ada = await gateway.registerSomebody();
    let loggedIn = 0;
    const logins = Array.from({ length: 20 }, async () => {
      await gateway.login(ada);
      loggedIn += 1;
    });
    for (let round = 0; round < 30; round += 1) {
      expect((await gateway.send('{ __typename }')).data).toEqual({ __typename: 'Query' });
    }
    // On the event loop, thirty answers in a row would have come between thirty hashings.
    expect(loggedIn).toBeLessThan(10);
    await Promise.all(logins);
  } finally {
    await gateway.stop();
  }
});

it('D6: SIGTERM under load answers what is in flight, refuses what is new, and exits with 0', async () => {
  const gateway = await start({ BCRYPT_COST: '12' });
  const people = await Promise.all([1, 2, 3].map(() => gateway.registerSomebody()));
  const answered: number[] = [];
  const inFlight = people.map(async ({ email, password }) => {
    const { status, data } = await gateway.send(LOGIN, { input: { email, password } });
    answered.push(status);
    expect(data.login.__typename).toBe('AuthPayload');
  });
  // Sent after the logins, answered before them: hashing takes its time.
  expect((await fetch(`${gateway.url}/health/live`)).ok).toBe(true);
  expect(answered).toEqual([]);
  const closed = once(gateway.child, 'close');
  gateway.child.kill('SIGTERM');
  await waitUntil('it takes no new connections', async () => {
    try {
      await gateway.send('{ __typename }');
      return false;
    } catch {
      return true;
    }
  });
  await Promise.all(inFlight);
  expect(answered).toEqual([200, 200, 200]);
  await closed;
  expect(gateway.child.exitCode).toBe(0);
});

it('D12: a rejection that nobody handled is logged and ends the process in order', async () => {
  const injection = 'process.on("SIGUSR2",()=>void Promise.reject(new Error("injected-fault")))';
  const gateway = await start({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(injection)}` });
  const email = 'in-flight@example.org';
  const inFlight = gateway.send(REGISTER, { input: { email, password: GOOD_PASSWORD } });
  await waitUntil('the request has arrived', () => fetch(`${gateway.url}/health/live`).then(({ ok }) => ok));
  const closed = once(gateway.child, 'close');
  gateway.child.kill('SIGUSR2');
  expect((await inFlight).data.register.__typename).toBe('AuthPayload');
  await closed;
  expect(gateway.child.exitCode).toBe(1);
  const lines = gateway.output.filter((line) => line.includes('injected-fault')).map((line) => JSON.parse(line));
  expect(lines).toMatchObject([{ level: 'fatal', event: 'unhandledRejection' }]);
});
