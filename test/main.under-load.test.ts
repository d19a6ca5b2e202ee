import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type GatewayProcess, startGatewayProcess } from './support/gateway-process.js';
import { GOOD_PASSWORD, LOGIN, REGISTER } from './support/graphql-client.js';
import { addSignInGate, openConnection, SIGN_IN_GATE, untilWaiting } from './support/lock-step.js';
import { makeTestFolder, type TestFolder } from './support/main-run.js';
import { occupyHasher, registerSlowOne } from './support/occupy-hasher.js';
import { createDatabaseOfOwn, type TestDatabase } from './support/test-database.js';
import { waitUntil } from './support/wait-until.js';

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

const start = (environment: Record<string, string> = {}): Promise<GatewayProcess> =>
  startGatewayProcess({ DATABASE_URL: database.url, HASH_WORKERS: '1', ...environment }, { cwd: folder.path });

it('W10: twenty logins at once do not hold up { __typename }', async () => {
  const gateway = await start({ BCRYPT_COST: '10' });
  try {
    const ada = await gateway.registerSomebody();
    // One hashing of seconds, the others behind it.
    const slowOne = await registerSlowOne({ client: gateway, database, cost: 15 });
    const occupation = await occupyHasher({ client: gateway, database, slowOne });
    let loggedIn = 0;
    const logins = Array.from({ length: 19 }, async () => {
      await gateway.login(ada);
      loggedIn += 1;
    });
    for (let round = 0; round < 30; round += 1) {
      expect((await gateway.send('{ __typename }')).data).toEqual({ __typename: 'Query' });
    }
    // On the event loop, not one answer would have come before the end of the hashing.
    expect({ loggedIn, isAnswered: occupation.isAnswered() }).toEqual({ loggedIn: 0, isAnswered: false });
    await Promise.all(logins);
    expect((await occupation.answer).data.login.__typename).toBe('InvalidCredentials');
  } finally {
    await gateway.stop();
  }
});

it('D6: SIGTERM under load answers what is in flight, refuses what is new, and exits with 0', async () => {
  const gateway = await start({ BCRYPT_COST: '10' });
  const people = await Promise.all([1, 2, 3].map(() => gateway.registerSomebody()));
  const slowOne = await registerSlowOne({ client: gateway, database });
  await addSignInGate(database);
  const holder = await openConnection(database);
  await holder.query('SELECT pg_advisory_lock($1)', [SIGN_IN_GATE]);
  const answered: number[] = [];
  const inFlight = people.map(async ({ email, password }) => {
    const { status, data } = await gateway.send(LOGIN, { input: { email, password } });
    answered.push(status);
    expect(data.login.__typename).toBe('AuthPayload');
  });
  await untilWaiting(database, people.length);
  const occupation = await occupyHasher({ client: gateway, database, slowOne });
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
  // Three wait in the database, one for its hashing.
  expect(answered).toEqual([]);
  await holder.query('SELECT pg_advisory_unlock($1)', [SIGN_IN_GATE]);
  await Promise.all(inFlight);
  expect(answered).toEqual([200, 200, 200]);
  expect((await occupation.answer).data.login.__typename).toBe('InvalidCredentials');
  await closed;
  expect(gateway.child.exitCode).toBe(0);
  await holder.close();
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
