import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { systemClock } from '../../src/platform/clock.js';
import { createFakeClock } from '../support/fake-clock.js';
import { readToken } from '../support/forge-token.js';
import type { GraphqlClient, Person } from '../support/graphql-client.js';
import { LOGOUT } from '../support/graphql-client.js';
import { isReady } from '../support/is-ready.js';
import { refusedWithinBound } from '../support/refused-within-bound.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

type Sibling = Awaited<ReturnType<TestGateway['startSibling']>>;

const CUT_EVERY_MS = 100;
const NOWHERE = 'postgresql://nobody@127.0.0.1:1/nothing';
const IS_LISTENER = "datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()";

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

async function reasonOf(client: GraphqlClient, accessToken: string): Promise<string | null> {
  const { errors } = await client.me(accessToken);
  return errors === undefined ? null : `${errors[0]?.extensions.code} ${errors[0]?.extensions.reason}`;
}

/** Somebody whose token both gateways have taken already. */
async function knownTo(...clients: GraphqlClient[]): Promise<Person> {
  const person = await gate.registerSomebody();
  for (const client of clients) expect(await reasonOf(client, person.accessToken)).toBeNull();
  return person;
}

/** What an operator's statement writes into the feed. */
async function feed(entry: { userId: string; sessionId?: string; authEpoch?: number; ago?: string }): Promise<void> {
  await gate.database.query(
    `INSERT INTO gatehouse.auth_changes (id, user_id, session_id, auth_epoch, at)
     VALUES (gen_random_uuid(), $1, $2, $3, clock_timestamp() - $4::interval)`,
    [entry.userId, entry.sessionId ?? null, entry.authEpoch ?? null, entry.ago ?? '0 s'],
  );
}

describe('the end of a session', () => {
  it('is known at once where it was ended', async () => {
    for (let round = 0; round < 5; round += 1) {
      const ada = await knownTo(gate);
      await gate.send(LOGOUT, { refreshToken: ada.refreshToken });
      expect(await reasonOf(gate, ada.accessToken)).toBe('UNAUTHENTICATED SESSION_ENDED');
    }
  });

  it('is known to another gateway within 2 s, with and without LISTEN', async () => {
    const ada = await knownTo(second, deaf);
    await gate.send(LOGOUT, { refreshToken: ada.refreshToken });
    await Promise.all([refusedWithinBound(second, ada.accessToken), refusedWithinBound(deaf, ada.accessToken)]);
  });

  it('is known within 2 s, whichever way the session ended', async () => {
    const ways: Record<
      string,
      (ada: Person, other: { accessToken: string; session: { id: string } }) => Promise<unknown>
    > = {
      endSession: (ada, other) =>
        gate.send('mutation ($id: ID!) { endSession(id: $id) }', { id: other.session.id }, ada),
      endOtherSessions: (ada) => gate.send('mutation { endOtherSessions }', {}, ada),
      logoutEverywhere: (ada) => gate.send('mutation { logoutEverywhere }', {}, ada),
      'logout by access token': (_ada, { accessToken }) => gate.send('mutation { logout }', {}, { accessToken }),
    };
    await Promise.all(
      Object.values(ways).map(async (end) => {
        const ada = await knownTo(second, deaf);
        const other = await gate.login(ada);
        await end(ada, other);
        await Promise.all([refusedWithinBound(second, other.accessToken), refusedWithinBound(deaf, other.accessToken)]);
      }),
    );
  });

  it('is known within 2 s while the listening connections are cut again and again, and they come back', async () => {
    const cut = () =>
      gate.database.query<{ cut: boolean }>(
        `SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity WHERE ${IS_LISTENER}`,
      );
    let cuts = 0;
    const timer = setInterval(() => void cut().then((rows) => (cuts += rows.length)), CUT_EVERY_MS);
    const ada = await knownTo(second);
    await gate.send(LOGOUT, { refreshToken: ada.refreshToken });
    await refusedWithinBound(second, ada.accessToken);
    await waitUntil('a connection was cut', () => cuts > 0);
    clearInterval(timer);
    const listening = () => gate.database.query(`SELECT pid FROM pg_stat_activity WHERE ${IS_LISTENER}`);
    await waitUntil('both listen again', async () => (await listening()).length === 2);
  });

  it('is known though its row was stamped early and committed late', async () => {
    const ada = await knownTo(second, deaf);
    const client = new pg.Client({ connectionString: gate.database.url });
    await client.connect();
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO gatehouse.auth_changes (id, user_id, session_id, auth_epoch, at)
       VALUES (gen_random_uuid(), $1, $2, NULL, clock_timestamp() - interval '20 s')`,
      [ada.user.id, ada.session.id],
    );
    // A later row is known: both have looked at the feed past the one that is not committed yet.
    const later = await knownTo(second, deaf);
    await feed({ userId: later.user.id, sessionId: later.session.id });
    for (const gateway of [second, deaf]) {
      await refusedWithinBound(gateway, later.accessToken);
      expect(await reasonOf(gateway, ada.accessToken)).toBeNull();
    }
    await client.query('COMMIT');
    await Promise.all([refusedWithinBound(second, ada.accessToken), refusedWithinBound(deaf, ada.accessToken)]);
    await client.end();
  });

  it('is known to a gateway that starts up to an hour later, from its first request on', async () => {
    const [early, late] = [await knownTo(gate), await knownTo(gate)];
    await feed({ userId: early.user.id, sessionId: early.session.id, ago: '61 minutes' });
    await feed({ userId: late.user.id, sessionId: late.session.id, ago: '3 hours' });
    const started = await gate.startSibling();
    expect(await reasonOf(started, early.accessToken)).toBe('UNAUTHENTICATED SESSION_ENDED');
    // No access token lives so long: what is older need not be known.
    expect(await reasonOf(started, late.accessToken)).toBeNull();
    await started.gateway.close();
  });

  it('stays known for 3,665 s, though the feed is purged, and is forgotten then', async () => {
    let skippedMs = 0;
    const clock = { ...createFakeClock(), monotonicMs: () => systemClock.monotonicMs() + skippedMs };
    const ada = await knownTo(gate);
    const keeping = await gate.startSibling({ clock });
    await feed({ userId: ada.user.id, sessionId: ada.session.id });
    await refusedWithinBound(keeping, ada.accessToken);
    await gate.database.query('DELETE FROM gatehouse.auth_changes WHERE session_id = $1', [ada.session.id]);
    const isKeepingReady = () => isReady(keeping.gateway.url);
    skippedMs += 3_600_000;
    await waitUntil('the feed was looked at again', isKeepingReady);
    expect(await reasonOf(keeping, ada.accessToken)).toBe('UNAUTHENTICATED SESSION_ENDED');
    skippedMs += 100_000;
    await waitUntil('the feed was looked at again', isKeepingReady);
    expect(await reasonOf(keeping, ada.accessToken)).toBeNull();
    await keeping.gateway.close();
  });
});

describe('a change of roles', () => {
  it('P7: makes older access tokens expired everywhere within 2 s; a refresh brings the new roles', async () => {
    const ada = await knownTo(gate, second, deaf);
    await gate.database.query(
      `WITH changed AS (
         UPDATE gatehouse.users SET roles = '{ADMIN,AUDITOR}', auth_epoch = auth_epoch + 1 WHERE id = $1
         RETURNING id, auth_epoch)
       INSERT INTO gatehouse.auth_changes (id, user_id, session_id, auth_epoch, at)
       SELECT gen_random_uuid(), id, NULL, auth_epoch, clock_timestamp() FROM changed`,
      [ada.user.id],
    );
    const expired = 'UNAUTHENTICATED TOKEN_EXPIRED';
    await Promise.all([gate, second, deaf].map((client) => refusedWithinBound(client, ada.accessToken, expired)));
    const { tokens } = await second.refresh(ada.refreshToken);
    expect(tokens?.user.roles).toEqual(['ADMIN', 'AUDITOR']);
    expect(readToken(tokens?.accessToken ?? '').claims).toMatchObject({ roles: ['ADMIN', 'AUDITOR'], epoch: 1 });
    for (const client of [gate, second, deaf]) expect(await reasonOf(client, tokens?.accessToken ?? '')).toBeNull();
  });

  it('never comes undone by an older row of the feed', async () => {
    const ada = await knownTo(second);
    await feed({ userId: ada.user.id, authEpoch: 2 });
    await refusedWithinBound(second, ada.accessToken, 'UNAUTHENTICATED TOKEN_EXPIRED');
    await feed({ userId: ada.user.id, authEpoch: 0 });
    const other = await knownTo(second);
    await feed({ userId: other.user.id, sessionId: other.session.id });
    await refusedWithinBound(second, other.accessToken);
    expect(await reasonOf(second, ada.accessToken)).toBe('UNAUTHENTICATED TOKEN_EXPIRED');
  });
});
