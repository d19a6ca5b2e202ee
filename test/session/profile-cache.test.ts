import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDatabaseProxy } from '../support/database-proxy.js';
import { type GraphqlClient, LOGOUT, type Person } from '../support/graphql-client.js';
import { holdAnswersOf } from '../support/held-answers.js';
import { refusedWithinBound } from '../support/refused-within-bound.js';
import { countStatements } from '../support/statement-count.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

type Sibling = Awaited<ReturnType<TestGateway['startSibling']>>;

const BOUND_MS = 2_000;
const NOWHERE = 'postgresql://nobody@127.0.0.1:1/nothing';
/** Stands in the look-up of profiles, and in no other statement. */
const LOOK_UP = 'WHERE u.id = ANY(';

let gate: TestGateway;
let second: Sibling;
let deaf: Sibling;
beforeAll(async () => {
  gate = await startTestGateway();
  [second, deaf] = await Promise.all([gate.startSibling(), gate.startSibling({ databaseDirectUrl: NOWHERE })]);
});
afterAll(async () => {
  await Promise.all([second.gateway.close(), deaf.gateway.close()]);
  await gate.close();
});

/** Somebody whose profile these gateways know. */
async function knownTo(...clients: GraphqlClient[]): Promise<Person> {
  const person = await gate.registerSomebody();
  for (const client of clients) expect((await client.me(person.accessToken)).data.me.email).toBe(person.email);
  return person;
}

/** A change of a user as every use case writes it: with its row in the feed, which may leave the epoch as it is. */
async function change(userId: string, set: string, table = 'users', column = 'id'): Promise<void> {
  await gate.database.query(
    `WITH changed AS (UPDATE gatehouse.${table} SET ${set} WHERE ${column} = $1 RETURNING ${column} AS user_id)
     INSERT INTO gatehouse.auth_changes (id, user_id, session_id, auth_epoch, at)
     SELECT gen_random_uuid(), user_id, NULL, (SELECT auth_epoch FROM gatehouse.users WHERE id = user_id), clock_timestamp()
     FROM changed`,
    [userId],
  );
}

async function changeAddress({ user }: Person): Promise<string> {
  const email = `${randomUUID()}@example.org`;
  await change(user.id, `email = '${email}', verified = true`, 'user_emails', 'user_id');
  return email;
}

/** Throws where a request that was sent after the bound is still answered by what was there before. */
async function showsWithinBound(client: GraphqlClient, accessToken: string, email: string): Promise<void> {
  const changedAt = performance.now();
  for (;;) {
    const sentAt = performance.now();
    const { data } = await client.me(accessToken);
    if (data.me.email === email) return;
    if (sentAt - changedAt > BOUND_MS) throw new Error(`shown after the bound: ${JSON.stringify(data)}`);
  }
}

describe('the profile of somebody signed in', () => {
  it('is answered without a statement once it is known', async () => {
    const ada = await knownTo(gate);
    const statements = await countStatements(gate.database);
    for (let round = 0; round < 3; round += 1) expect((await gate.me(ada.accessToken)).data.me.email).toBe(ada.email);
    expect(statements.count()).toBe(0);
    statements.stop();
  });

  it('shows a changed address everywhere within 2 s, with and without LISTEN, and the token goes on', async () => {
    const ada = await knownTo(gate, second, deaf);
    const email = await changeAddress(ada);
    await Promise.all([gate, second, deaf].map((client) => showsWithinBound(client, ada.accessToken, email)));
    const { data } = await second.me(ada.accessToken);
    expect(data.me.emailVerified).toBe(true);
  });

  it('shows each of several changes, though the feed brings each of its rows again and again', async () => {
    const ada = await knownTo(second);
    for (let round = 0; round < 3; round += 1) {
      const email = await changeAddress(ada);
      await showsWithinBound(second, ada.accessToken, email);
      expect((await second.me(ada.accessToken)).data.me.email).toBe(email);
    }
    const statements = await countStatements(gate.database);
    await second.me(ada.accessToken);
    expect(statements.count()).toBe(0);
    statements.stop();
  });

  it('shows new roles with the first token that carries them', async () => {
    const ada = await knownTo(gate, second, deaf);
    await change(ada.user.id, "roles = '{EDITOR}', auth_epoch = auth_epoch + 1");
    const { tokens } = await gate.refresh(ada.refreshToken);
    const shows = (client: GraphqlClient) => async () =>
      (await client.me(tokens?.accessToken ?? '')).data.me.roles[0] === 'EDITOR';
    await Promise.all([gate, second, deaf].map((client) => waitUntil('it shows the roles', shows(client))));
  });

  it('is not shown any more once they are disabled or gone', async () => {
    const [disabled, gone] = [await knownTo(gate, second, deaf), await knownTo(gate, second, deaf)];
    await change(disabled.user.id, 'disabled_at = now()');
    await gate.database.query(
      `WITH gone AS (DELETE FROM gatehouse.users WHERE id = $1 RETURNING id, auth_epoch)
       INSERT INTO gatehouse.auth_changes (id, user_id, session_id, auth_epoch, at)
       SELECT gen_random_uuid(), id, NULL, auth_epoch, clock_timestamp() FROM gone`,
      [gone.user.id],
    );
    const all = [gate, second, deaf].flatMap((client) =>
      [disabled, gone].map(({ accessToken }) => refusedWithinBound(client, accessToken)),
    );
    await Promise.all(all);
  });

  it('is not what a look-up read that a change overtook', async () => {
    const held = await holdAnswersOf(gate.database.url);
    const own = await gate.startSibling({ database: held.database });
    const [ada, bob] = [await gate.registerSomebody(), await gate.registerSomebody()];
    expect((await own.me(bob.accessToken)).data.me.email).toBe(bob.email);
    held.hold(LOOK_UP);
    const overtaken = own.me(ada.accessToken);
    await held.holding(1);
    const email = await changeAddress(ada);
    // Later on the feed than the change: once this is known, the change is.
    await gate.send(LOGOUT, { refreshToken: bob.refreshToken });
    await refusedWithinBound(own, bob.accessToken);
    held.release();
    expect((await overtaken).data.me.email).toBe(ada.email);
    expect((await own.me(ada.accessToken)).data.me.email).toBe(email);
    await own.gateway.close();
    await held.close();
  });

  it('is asked for anew at each request while the process is behind the feed', async () => {
    const way = await startDatabaseProxy(gate.database.url);
    const own = await gate.startSibling({ databaseUrl: way.url, databaseDirectUrl: gate.database.url });
    const ada = await knownTo(own);
    const before = way.count(LOOK_UP);
    await own.me(ada.accessToken);
    expect(way.count(LOOK_UP)).toBe(before);
    way.replace('AS here LEFT JOIN "gatehouse".auth_changes', 'AS here, nothing_of_the_kind');
    await waitUntil('it is behind', async () =>
      (await (await fetch(`${own.gateway.url}/health/ready`)).text()).includes('revocation_feed_behind'),
    );
    const email = await changeAddress(ada);
    expect((await own.me(ada.accessToken)).data.me.email).toBe(email);
    expect((await own.me(ada.accessToken)).data.me.email).toBe(email);
    expect(way.count(LOOK_UP)).toBe(before + 2);
    await own.gateway.close();
    await way.close();
  });
});
