import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.js';
import { createFakeClock } from '../support/fake-clock.js';
import { type GraphqlClient, LOGOUT, type Person } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

/** Stands in the look-up of a session, and in no other statement. */
const LOOK_UP = 's.revoked_at IS NULL AND s.expires_at >';

/** Stands in each look at the feed. */
const A_LOOK = '"isReplica"';

type Sibling = Awaited<ReturnType<TestGateway['startSibling']>>;

let gate: TestGateway;
let proxy: DatabaseProxy;
/** Reaches the database through the proxy, which keeps it from reading the feed. */
let behind: Sibling;
beforeAll(async () => {
  gate = await startTestGateway();
  proxy = await startDatabaseProxy(gate.database.url);
  proxy.replace('AS here LEFT JOIN "gatehouse".auth_changes', 'AS here, nothing_of_the_kind');
  // Two URLs, as with a pooler: then each statement is sent as text, and can be counted.
  behind = await gate.startSibling({ databaseUrl: proxy.url, databaseDirectUrl: gate.database.url });
});
afterAll(async () => {
  await behind.gateway.close();
  await proxy.close();
  await gate.close();
});

async function readiness(url: string): Promise<{ status: string; causes?: string[] }> {
  return (await (await fetch(`${url}/health/ready`)).json()) as { status: string; causes?: string[] };
}

const isBehind = async (url: string) => (await readiness(url)).causes?.includes('revocation_feed_behind') ?? false;

async function outcome(client: GraphqlClient, accessToken: string): Promise<string | null> {
  const { data, errors } = await client.me(accessToken);
  if (errors === undefined) return data.me.id;
  const { code, reason, retryAfter } = errors[0]?.extensions ?? { code: 'none' };
  return `${code} ${reason ?? retryAfter}`;
}

/** Runs while nobody else can read or write the table. */
async function whileLocked(table: string, work: () => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: gate.database.url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(`LOCK TABLE gatehouse.${table} IN ACCESS EXCLUSIVE MODE`);
    await work();
  } finally {
    await client.query('ROLLBACK');
    await client.end();
  }
}

/** Somebody whose session the gateway that is behind has not looked up yet. */
const somebody = (): Promise<Person> => gate.registerSomebody();

describe('a gateway that is behind the feed', () => {
  it('is not ready before its first look, and serves all the same', async () => {
    expect(await isBehind(behind.gateway.url)).toBe(true);
    expect((await readiness(behind.gateway.url)).status).toBe('not_ready');
    expect(await isBehind(gate.url)).toBe(false);
  });

  it('lets a live session in', async () => {
    const ada = await somebody();
    expect(await outcome(behind, ada.accessToken)).toBe(ada.user.id);
    expect((await behind.send('{ sessions { id } }', {}, ada)).data.sessions).toEqual([{ id: ada.session.id }]);
  });

  it('refuses a session that has ended, expired or is unknown, and that of a disabled user', async () => {
    const [ended, expired, gone, disabled] = await Promise.all([somebody(), somebody(), somebody(), somebody()]);
    await gate.send(LOGOUT, { refreshToken: ended.refreshToken });
    const { query } = gate.database;
    await query("UPDATE gatehouse.refresh_sessions SET expires_at = '2020-01-01' WHERE id = $1", [expired.session.id]);
    await query('DELETE FROM gatehouse.users WHERE id = $1', [gone.user.id]);
    await query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [disabled.user.id]);
    for (const { accessToken } of [ended, expired, gone, disabled]) {
      expect(await outcome(behind, accessToken)).toBe('UNAUTHENTICATED SESSION_ENDED');
      const { errors } = await behind.send('{ sessions { id } }', {}, { accessToken });
      expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'SESSION_ENDED' });
    }
  });

  it('calls a token expired whose user has changed since', async () => {
    const ada = await somebody();
    await gate.database.query("UPDATE gatehouse.users SET roles = '{ADMIN}', auth_epoch = 1 WHERE id = $1", [
      ada.user.id,
    ]);
    expect(await outcome(behind, ada.accessToken)).toBe('UNAUTHENTICATED TOKEN_EXPIRED');
    const { tokens } = await behind.refresh(ada.refreshToken);
    expect(await outcome(behind, tokens?.accessToken ?? '')).toBe(ada.user.id);
  });

  it('looks a session up once for many requests at a time, and again after a second', async () => {
    const ada = await somebody();
    const before = proxy.count(LOOK_UP);
    const beganAt = performance.now();
    const lookUps = () => proxy.count(LOOK_UP) - before;
    // Each is remembered for a second: on a slow machine there is time for more than one.
    const lookUpsMax = () => 1 + Math.floor((performance.now() - beganAt) / 1_000);
    const answers = await Promise.all(Array.from({ length: 20 }, () => outcome(behind, ada.accessToken)));
    expect(new Set(answers)).toEqual(new Set([ada.user.id]));
    expect(lookUps()).toBeGreaterThanOrEqual(1);
    expect(lookUps()).toBeLessThanOrEqual(lookUpsMax());
    await gate.send(LOGOUT, { refreshToken: ada.refreshToken });
    const beforeTheEnd = lookUps();
    await waitUntil('the end is seen', async () => (await outcome(behind, ada.accessToken)) !== ada.user.id);
    expect(lookUps()).toBe(beforeTheEnd + 1);
    expect(lookUps()).toBeLessThanOrEqual(lookUpsMax());
    expect(await outcome(behind, ada.accessToken)).toBe('UNAUTHENTICATED SESSION_ENDED');
  });

  it('asks nothing of the database where nobody has to be signed in', async () => {
    const ada = await somebody();
    const before = proxy.count(LOOK_UP);
    const stale = { accessToken: ada.accessToken };
    expect((await behind.send('{ __typename }', {}, stale)).data).toEqual({ __typename: 'Query' });
    expect((await behind.login(ada, stale)).user.id).toBe(ada.user.id);
    expect((await behind.refresh(ada.refreshToken, stale)).tokens?.user.id).toBe(ada.user.id);
    expect((await behind.registerSomebody(stale)).user.roles).toEqual([]);
    expect(proxy.count(LOOK_UP)).toBe(before);
  });

  it('logs out by an access token alone', async () => {
    const ada = await somebody();
    expect((await behind.send(LOGOUT, {}, ada)).data).toEqual({ logout: true });
    expect(await outcome(behind, ada.accessToken)).toBe('UNAUTHENTICATED SESSION_ENDED');
    expect((await gate.refresh(ada.refreshToken)).tokens).toBeNull();
  });

  it('sees that a signing key was revoked, and lets its tokens in no more', async () => {
    const other = await startDatabaseProxy(gate.database.url);
    other.replace('AS here LEFT JOIN "gatehouse".auth_changes', 'AS here, nothing_of_the_kind');
    const changes = { signingKeys: null, databaseUrl: other.url, databaseDirectUrl: gate.database.url };
    const own = await gate.startSibling(changes);
    const [ada, bob] = [await own.registerSomebody(), await own.registerSomebody()];
    expect(await isBehind(own.gateway.url)).toBe(true);
    expect(await outcome(own, ada.accessToken)).toBe(ada.user.id);
    await gate.database.query('UPDATE gatehouse.signing_keys SET revoked_at = now()');
    // Not asked about before: nothing is remembered of it.
    expect(await outcome(own, bob.accessToken)).toBe('UNAUTHENTICATED TOKEN_EXPIRED');
    await waitUntil(
      'what was remembered for a second is forgotten',
      async () => (await outcome(own, ada.accessToken)) === 'UNAUTHENTICATED TOKEN_EXPIRED',
    );
    await own.gateway.close();
    await other.close();
  });

  it('is not available, rather than to refuse or let in, while the database does not answer', async () => {
    const ada = await somebody();
    await whileLocked('refresh_sessions', async () => {
      for (let round = 0; round < 2; round += 1) {
        expect(await outcome(behind, ada.accessToken)).toBe('SERVICE_UNAVAILABLE 1');
        const { errors, data } = await behind.send('{ sessions { id } }', {}, ada);
        expect([data, errors?.[0]?.extensions]).toEqual([null, { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 }]);
      }
    });
    await waitUntil('it answers again', async () => (await outcome(behind, ada.accessToken)) === ada.user.id);
  });

  it('is not available while the database is out of reach, and heals by itself', async () => {
    const ada = await somebody();
    proxy.setOpen(false);
    expect(await outcome(behind, ada.accessToken)).toBe('SERVICE_UNAVAILABLE 1');
    proxy.setOpen(true);
    await waitUntil('it answers again', async () => (await outcome(behind, ada.accessToken)) === ada.user.id);
  });
});

describe('a gateway that falls behind the feed', () => {
  it('tells, looks sessions up, leaves no waiting statement behind, and catches up by itself', async () => {
    const [ada, bob] = await Promise.all([somebody(), somebody()]);
    const way = await startDatabaseProxy(gate.database.url);
    const sibling = await gate.startSibling({
      clock: createFakeClock(),
      databaseUrl: way.url,
      databaseDirectUrl: way.url,
    });
    const own = { ...sibling, count: way.count };
    const { url } = own.gateway;
    expect(await readiness(url)).toEqual({ status: 'ready' });
    await whileLocked('auth_changes', async () => {
      const looks = own.count(A_LOOK);
      await waitUntil('it is behind', () => isBehind(url));
      expect(await outcome(own, ada.accessToken)).toBe(ada.user.id);
      expect((await own.login(ada)).user.id).toBe(ada.user.id);
      expect((await own.refresh(ada.refreshToken)).tokens?.user.id).toBe(ada.user.id);
      await gate.database.query('UPDATE gatehouse.refresh_sessions SET revoked_at = now() WHERE id = $1', [
        bob.session.id,
      ]);
      expect(await outcome(own, bob.accessToken)).toBe('UNAUTHENTICATED SESSION_ENDED');
      // Sent for the second time: the first one timed out.
      await waitUntil('several looks were tried', () => own.count(A_LOOK) >= looks + 2);
      await waitUntil('none but the latest look of either gateway waits', async () => {
        const [row] = await gate.database.query<{ waiting: number }>(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%isReplica%'`,
        );
        return (row?.waiting ?? 0) <= 2;
      });
    });
    await waitUntil('it has caught up', async () => (await readiness(url)).status === 'ready');
    expect(own.logLines.join('')).toContain('revocation_feed_back');
    expect(await outcome(own, ada.accessToken)).toBe(ada.user.id);
    await own.gateway.close();
    await way.close();
  });

  it('stops in order while it waits for a connection that never comes', async () => {
    const way = await startDatabaseProxy(gate.database.url);
    way.replace('pg_is_in_recovery()', 'true');
    const own = await gate.startSibling({ databaseUrl: way.url, databaseDirectUrl: gate.database.url });
    way.setOpen(false);
    const before = way.connections();
    await waitUntil('it waits', () => way.connections() > before);
    await own.gateway.close();
    await way.close();
  });

  it('does not trust a replica', async () => {
    const other = await startDatabaseProxy(gate.database.url);
    other.replace('pg_is_in_recovery()', 'true');
    const own = await gate.startSibling({ databaseUrl: other.url, databaseDirectUrl: other.url });
    expect(await isBehind(own.gateway.url)).toBe(true);
    expect(own.logLines.join('')).toContain('the feed was read from a replica');
    await own.gateway.close();
    await other.close();
  });
});

describe('D8: a gateway whose pieces are broken', () => {
  it('looks sessions up where the feed is missing, and ends none without a trace in it', async () => {
    const { query } = gate.database;
    const [ada, bob] = await Promise.all([somebody(), somebody()]);
    await gate.send(LOGOUT, { refreshToken: bob.refreshToken });
    await query('ALTER TABLE gatehouse.auth_changes RENAME TO elsewhere');
    const own = await gate.startSibling();
    expect(await isBehind(own.gateway.url)).toBe(true);
    expect(await outcome(own, ada.accessToken)).toBe(ada.user.id);
    expect(await outcome(own, bob.accessToken)).toBe('UNAUTHENTICATED SESSION_ENDED');
    const { errors } = await own.send(LOGOUT, { refreshToken: ada.refreshToken });
    expect(errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    await query('ALTER TABLE gatehouse.elsewhere RENAME TO auth_changes');
    expect(await outcome(own, ada.accessToken)).toBe(ada.user.id);
    await own.gateway.close();
  });

  it('does not start without its database', async () => {
    const nowhere = 'postgresql://nobody@127.0.0.1:1/nothing';
    await expect(gate.startSibling({ databaseUrl: nowhere, databaseDirectUrl: nowhere })).rejects.toThrow();
  });
});
