import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type DatabaseProxy, startDatabaseProxy } from '../../support/database-proxy.js';
import { GOOD_PASSWORD, type GraphqlAnswer, LOGIN, type Person, REGISTER } from '../../support/graphql-client.js';
import { isReady } from '../../support/is-ready.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { waitUntil } from '../../support/wait-until.js';

/** `gate` is healthy and owns the database; `shaky` reaches it through the proxy. */
let gate: TestGateway;
let proxy: DatabaseProxy;
let shaky: Awaited<ReturnType<TestGateway['startSibling']>>;
let ada: Person;
const POOL_MAX = 3;

beforeAll(async () => {
  gate = await startTestGateway();
  proxy = await startDatabaseProxy(gate.database.url);
  shaky = await gate.startSibling({
    config: { ...gate.parts.config, databasePoolMax: POOL_MAX },
    databaseUrl: proxy.url,
    databaseDirectUrl: proxy.url,
  });
});
afterAll(async () => {
  await shaky.gateway.close();
  await proxy.close();
  await gate.close();
});
beforeEach(async () => {
  ada = await gate.registerSomebody();
});

function expectUnavailable({ status, errors, text }: GraphqlAnswer): void {
  expect(status).toBe(200);
  expect(errors).toHaveLength(1);
  expect(errors?.[0]?.extensions).toEqual({ code: 'SERVICE_UNAVAILABLE', retryAfter: expect.any(Number) });
  expect(errors?.[0]?.extensions.retryAfter).toBeGreaterThan(0);
  expect(text).not.toMatch(/connect|timeout|select|pg|5432/i);
}

const isShakyReady = () => isReady(shaky.gateway.url);
const register = (client: Pick<TestGateway, 'send'>) =>
  client.send(REGISTER, { input: { email: `new-${performance.now()}@example.org`, password: GOOD_PASSWORD } });

describe('while the database is away', () => {
  it('D1: answers SERVICE_UNAVAILABLE, loses nothing, and heals without a restart', async () => {
    proxy.setRefusing(true);
    expectUnavailable(await shaky.refresh(ada.refreshToken));
    expectUnavailable(await shaky.send(LOGIN, { input: { email: ada.email, password: ada.password } }));
    expectUnavailable(await register(shaky));
    expectUnavailable(await shaky.me(ada.accessToken));
    await waitUntil('it is not ready', async () => !(await isShakyReady()));
    expect((await fetch(`${shaky.gateway.url}/health/live`)).status).toBe(200);
    expect((await shaky.send('{ __typename }')).data).toEqual({ __typename: 'Query' });
    expect((await shaky.me()).data).toEqual({ me: null });
    proxy.setRefusing(false);
    await waitUntil('it is ready again', isShakyReady);
    expect((await shaky.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
    expect((await shaky.refresh(ada.refreshToken)).tokens).not.toBeNull();
  });

  it('D1: gives up in bounded time on a database that swallows everything, and heals', async () => {
    proxy.setOpen(false);
    const answers = await Promise.all([shaky.refresh(ada.refreshToken), shaky.me(ada.accessToken), register(shaky)]);
    for (const answer of answers) expectUnavailable(answer);
    proxy.setOpen(true);
    await waitUntil('it is ready again', isShakyReady);
    expect((await shaky.refresh(ada.refreshToken)).tokens).not.toBeNull();
  });

  it('does not use a connection again on which the driver gave up waiting', async () => {
    proxy.setOpen(false);
    await Promise.all(Array.from({ length: POOL_MAX }, () => shaky.refresh(ada.refreshToken)));
    proxy.resume();
    const answers = await Promise.all(Array.from({ length: POOL_MAX }, () => shaky.refresh(ada.refreshToken)));
    expect(answers.filter(({ tokens }) => tokens === null)).toEqual([]);
  });
});

describe('while the database is busy', () => {
  async function holdingRow<Result>(sessionId: string, work: () => Promise<Result>): Promise<Result> {
    const holder = new pg.Client({ connectionString: gate.database.url });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM gatehouse.refresh_sessions WHERE id = $1 FOR UPDATE', [sessionId]);
      return await work();
    } finally {
      await holder.end();
    }
  }

  it('D5: waits a bounded time for a locked session, and others are not affected', async () => {
    const grace = await gate.registerSomebody();
    await holdingRow(ada.session.id, async () => {
      const blocked = shaky.refresh(ada.refreshToken);
      expect((await shaky.refresh(grace.refreshToken)).tokens).not.toBeNull();
      expect((await shaky.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
      expectUnavailable(await blocked);
    });
    expect((await shaky.refresh(ada.refreshToken)).tokens).not.toBeNull();
  });

  it('D3: answers SERVICE_UNAVAILABLE where no connection is to be had, and recovers', async () => {
    const people = await Promise.all(Array.from({ length: POOL_MAX }, () => gate.registerSomebody()));
    const holder = new pg.Client({ connectionString: gate.database.url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM gatehouse.refresh_sessions WHERE id = ANY($1) FOR UPDATE', [
      people.map(({ session }) => session.id),
    ]);
    const holding = people.map(({ refreshToken }) => shaky.refresh(refreshToken));
    await waitUntil('the pool is used up', async () => {
      const [row] = await gate.database.query<{ waiting: number }>(
        "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return row?.waiting === POOL_MAX;
    });
    expectUnavailable(await shaky.me(ada.accessToken));
    await holder.query('ROLLBACK');
    await holder.end();
    for (const { tokens, errors } of await Promise.all(holding)) {
      expect(tokens !== null || errors?.[0]?.extensions.code === 'SERVICE_UNAVAILABLE').toBe(true);
    }
    expect((await shaky.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
    for (const { refreshToken } of people) expect((await shaky.refresh(refreshToken)).tokens).not.toBeNull();
  });

  it('survives its connections being ended by the server', async () => {
    for (let round = 0; round < 5; round += 1) {
      await gate.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'gatehouse'`,
      );
      const { tokens } = await shaky.refresh(ada.refreshToken);
      expect(tokens).not.toBeNull();
    }
    await waitUntil(
      'both are ready',
      async () => (await isShakyReady()) && (await gate.send('{ __typename }')).status === 200,
    );
  });
});

describe('a passing failure of the database', () => {
  /** Every update of a session fails with this state, `times` times over; counted where no rollback takes it back. */
  async function failing<Result>(state: string, times: number, work: () => Promise<Result>): Promise<Result> {
    await gate.database.query('CREATE SEQUENCE gatehouse.tries');
    await gate.database.query(`
      CREATE FUNCTION gatehouse.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('gatehouse.tries') <= ${times} THEN
          RAISE EXCEPTION 'on purpose' USING ERRCODE = '${state}';
        END IF;
        RETURN NEW;
      END $$`);
    await gate.database.query(
      'CREATE TRIGGER fail BEFORE UPDATE ON gatehouse.refresh_sessions FOR EACH ROW EXECUTE FUNCTION gatehouse.fail()',
    );
    try {
      return await work();
    } finally {
      await gate.database.query('DROP FUNCTION gatehouse.fail CASCADE');
      await gate.database.query('DROP SEQUENCE gatehouse.tries');
    }
  }

  it.each(['40001', '40P01', '57P01', '57P02', '57P03', '25006', '08006'])('%s is tried again', async (state) => {
    const { tokens } = await failing(state, 2, () => gate.refresh(ada.refreshToken));
    expect(tokens).not.toBeNull();
  });

  it('is tried again only so often, and then is SERVICE_UNAVAILABLE with the token still good', async () => {
    expectUnavailable(await failing('40001', 1000, () => gate.refresh(ada.refreshToken)));
    expect((await gate.refresh(ada.refreshToken)).tokens).not.toBeNull();
  });
});
