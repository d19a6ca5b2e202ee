import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GraphqlAnswer, LOGIN, type Person, REFRESH } from '../support/graphql-client.js';
import { occupyHasher, registerSlowOne } from '../support/occupy-hasher.js';
import { rawConnection } from '../support/raw-http.js';
import { lockTable } from '../support/table-gate.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const REAUTHENTICATE = 'mutation R($password: String!) { reauthenticate(password: $password) { __typename } }';
const BUSY = { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 };

let gate: TestGateway;
let slowOne: Person;
let ada: Person;
beforeAll(async () => {
  gate = await startTestGateway({ HASH_WORKERS: '1', REQUESTS_MAX: '4' });
  slowOne = await registerSlowOne({ client: gate, database: gate.database });
  ada = await gate.registerSomebody();
});
afterAll(() => gate.close());

const login = (options = {}, variables = {}) =>
  gate.send(LOGIN, { input: { email: ada.email, password: 'not the passphrase' }, ...variables }, options);

function expectRefused({ status, headers, data, errors }: GraphqlAnswer): void {
  expect([status, headers.get('retry-after'), data]).toEqual([503, '1', undefined]);
  expect(errors?.map(({ extensions }) => extensions)).toEqual([BUSY]);
}

/** Logins of strangers, as many as may be in progress; the first takes the hashing thread, far longer than a test asks. */
async function strangersAtWork() {
  const occupation = await occupyHasher({ client: gate, database: gate.database, slowOne });
  const waiting = login();
  // Sent on a connection of its own, and read before what is sent later.
  await gate.send('{ __typename }', {}, ada);
  return { occupation, all: Promise.all([occupation.answer, waiting]) };
}

describe('with as many operations of strangers in progress as may be', () => {
  it('one more is refused at once, and whoever is signed in is served as ever', async () => {
    const { occupation, all } = await strangersAtWork();
    expectRefused(await login());
    expectRefused(await gate.send('{ __typename }'));
    expect((await gate.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
    expect((await gate.refresh(ada.refreshToken)).tokens?.user.id).toBe(ada.user.id);
    expect((await gate.send(`mutation { refreshToken(refreshToken: "ghr_x") { expiresIn } }`)).status).toBe(200);
    expect(occupation.isAnswered()).toBe(false);
    const answers = await all;
    expect(answers.map(({ data }) => data.login.__typename)).toEqual(['InvalidCredentials', 'InvalidCredentials']);
    expect((await login()).data.login.__typename).toBe('InvalidCredentials');
  });

  it('nobody gets in by what they make up', async () => {
    const { occupation, all } = await strangersAtWork();
    const forged = `${ada.accessToken.slice(0, -8)}AAAAAAAA`;
    expectRefused(await login({ accessToken: forged }));
    expectRefused(await login({}, { refreshToken: ada.refreshToken }));
    expectRefused(await login({ headers: { cookie: `gatehouse-refresh=${ada.refreshToken}` } }));
    expectRefused(await gate.send(REFRESH, {}, { headers: { cookie: `gatehouse-refresh=${ada.refreshToken}` } }));
    expectRefused(await gate.send(REFRESH, { refreshToken: 'something else' }));
    expect(occupation.isAnswered()).toBe(false);
    await all;
  });
});

describe('with as many operations in progress as may be', () => {
  it('anybody is refused, and served again later', async () => {
    const { occupation, all } = await strangersAtWork();
    const { accessToken, password } = ada;
    const others = Promise.all([1, 2].map(() => gate.send(REAUTHENTICATE, { password }, { accessToken })));
    let refused = await gate.me(accessToken);
    for (let tries = 0; refused.status === 200 && tries < 20; tries += 1) refused = await gate.me(accessToken);
    expectRefused(refused);
    // Without waiting for the body.
    const raw = await rawConnection({ port: gate.gateway.port });
    raw.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n',
    );
    expect(await raw.until(/\}$/)).toMatch(/^HTTP\/1\.1 503 [\s\S]*"SERVICE_UNAVAILABLE"/);
    raw.socket.destroy();
    expect(occupation.isAnswered()).toBe(false);
    await all;
    expect((await others).map(({ errors }) => errors)).toEqual([undefined, undefined]);
    expect((await gate.me(accessToken)).data.me.id).toBe(ada.user.id);
  });
});

describe('with as many statements waiting for a connection as may be', () => {
  it('what needs one more is SERVICE_UNAVAILABLE at once; what waits is answered', async () => {
    const own = await gate.startSibling({
      config: {
        ...gate.parts.config,
        databasePoolMax: 2,
        databaseQueueMax: 2,
        httpLimits: { ...gate.parts.config.httpLimits, requestsMax: 100 },
      },
    });
    const people: Person[] = [];
    for (let index = 0; index < 6; index += 1) people.push(await gate.registerSomebody());
    const table = await lockTable({ url: gate.database.url, table: 'gatehouse.user_emails' });
    let answered = 0;
    const answers = people.map(async ({ accessToken }) => {
      const answer = await own.me(accessToken);
      answered += 1;
      return answer;
    });
    await table.waiting(2);
    await Promise.race(answers);
    expect(answered).toBeLessThan(people.length);
    await table.release();
    const busy = (await Promise.all(answers)).filter(({ errors }) => errors !== undefined);
    expect(busy.length).toBeGreaterThanOrEqual(2);
    expect(busy.length).toBeLessThan(people.length);
    for (const { status, errors } of busy) expect([status, errors?.[0]?.extensions]).toEqual([200, BUSY]);
    expect(own.logLines.join('')).toContain('DATABASE_QUEUE_FULL');
    await own.gateway.close();
  });
});
