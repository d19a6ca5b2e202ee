import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GraphqlClient, Person } from '../support/graphql-client.js';
import { eventually, holdSession, type OwnConnection, openConnection } from '../support/lock-step.js';
import { INVALID_GRANT, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const GRACE_SECONDS = 10;
const POLL_MS = 25;

let gate: TestGateway;
let own: OwnConnection;
beforeAll(async () => {
  gate = await startTestGateway();
  own = await openConnection(gate.database);
});
afterAll(async () => {
  await own.close();
  await gate.close();
});

const rowOf = (sessionId: string) => sessionRow(gate.database, sessionId);

async function untilConfirmed(sessionId: string, generation: number): Promise<void> {
  await eventually(async () => (await rowOf(sessionId)).confirmed_generation >= generation, POLL_MS);
}

/** Waits until what was seen so far is written: a sight that came later is there, and batches keep the order. */
async function untilWritten(client: GraphqlClient = gate): Promise<void> {
  const { session, refreshToken } = await gate.registerSomebody();
  const { accessToken } = await refreshed(gate, refreshToken);
  await client.me(accessToken);
  await untilConfirmed(session.id, 1);
}

async function rotatedOnce() {
  const person = await gate.registerSomebody();
  return { person, current: await refreshed(gate, person.refreshToken), sessionId: person.session.id };
}

async function expectReuse({ person, sessionId }: { person: Person; sessionId: string }): Promise<void> {
  gate.clock.advance(GRACE_SECONDS + 1);
  expect((await gate.refresh(person.refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
  expect(await rowOf(sessionId)).toMatchObject({ end_cause: 'REUSE' });
}

describe('the first sight of a generation', () => {
  it('is written after the answer, never on its path: the request is answered while the row is locked', async () => {
    const { current, sessionId } = await rotatedOnce();
    await holdSession(own, sessionId);
    expect((await gate.me(current.accessToken)).data.me).not.toBeNull();
    expect(await rowOf(sessionId)).toMatchObject({ confirmed_generation: 0 });
    await own.query('COMMIT');
    await untilConfirmed(sessionId, 1);
  });

  it('is written in a batch: many sessions by one statement or two', async () => {
    const sessions = await Promise.all(Array.from({ length: 40 }, rotatedOnce));
    const ids = sessions.map(({ sessionId }) => sessionId);
    // Until all were seen, nobody's sight can be written.
    await own.query('BEGIN');
    await own.query('SELECT FROM gatehouse.refresh_sessions WHERE id = ANY($1) FOR UPDATE', [ids]);
    await Promise.all(sessions.map(({ current }) => gate.me(current.accessToken)));
    await own.query('COMMIT');
    for (const { sessionId } of sessions) await untilConfirmed(sessionId, 1);
    const transactions = await gate.database.query(
      'SELECT DISTINCT xmin::text FROM gatehouse.refresh_sessions WHERE id = ANY($1)',
      [ids],
    );
    // Two, where one was passing by the rows as they were let go.
    expect(transactions.length).toBeLessThanOrEqual(2);
  });

  it('counts in this process before it is written', async () => {
    const { person, current, sessionId } = await rotatedOnce();
    await holdSession(own, sessionId);
    await gate.me(current.accessToken);
    expect(await rowOf(sessionId)).toMatchObject({ confirmed_generation: 0 });
    gate.clock.advance(GRACE_SECONDS + 1);
    const reused = gate.refresh(person.refreshToken);
    await own.query('COMMIT');
    expect((await reused).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
  });

  it('counts in every process, wherever it was seen', async () => {
    const sibling = await gate.startSibling();
    const { person, current, sessionId } = await rotatedOnce();
    await sibling.me(current.accessToken);
    await untilConfirmed(sessionId, 1);
    await expectReuse({ person, sessionId });
    await sibling.gateway.close();
  });

  it('survives a restart: what is left is written at the end', async () => {
    const sibling = await gate.startSibling();
    const { person, current, sessionId } = await rotatedOnce();
    await sibling.me(current.accessToken);
    await sibling.gateway.close();
    expect(await rowOf(sessionId)).toMatchObject({ confirmed_generation: 1 });
    await expectReuse({ person, sessionId });
  });

  it('is written later where the database fails to take it', async () => {
    const sibling = await gate.startSibling();
    const { person, current, sessionId } = await rotatedOnce();
    await gate.database.query('ALTER TABLE gatehouse.refresh_sessions RENAME COLUMN confirmed_generation TO gone');
    await sibling.me(current.accessToken);
    await eventually(() => sibling.logLines.some((line) => line.includes('session_activity_delayed')), POLL_MS);
    await gate.database.query('ALTER TABLE gatehouse.refresh_sessions RENAME COLUMN gone TO confirmed_generation');
    await untilConfirmed(sessionId, 1);
    await expectReuse({ person, sessionId });
    await sibling.gateway.close();
  });

  it('is not taken back by the sight of an older generation', async () => {
    const sibling = await gate.startSibling();
    const { person, current, sessionId } = await rotatedOnce();
    await gate.me(current.accessToken);
    await untilConfirmed(sessionId, 1);
    gate.clock.advance(120);
    await sibling.me(person.accessToken);
    await untilWritten(sibling);
    expect(await rowOf(sessionId)).toMatchObject({ confirmed_generation: 1, last_used_at: gate.clock.now() });
    await sibling.gateway.close();
  });

  it('confirms no generation that the database has lost', async () => {
    const { current, sessionId } = await rotatedOnce();
    await gate.database.query('UPDATE gatehouse.refresh_sessions SET generation = 0 WHERE id = $1', [sessionId]);
    await gate.me(current.accessToken);
    await untilWritten();
    expect(await rowOf(sessionId)).toMatchObject({ generation: 0, confirmed_generation: 0 });
  });

  it('is not taken from an access token that has expired or whose session has ended', async () => {
    const [expired, ended] = [await rotatedOnce(), await rotatedOnce()];
    await gate.send('mutation { logout }', {}, { accessToken: ended.person.accessToken });
    await gate.me(ended.current.accessToken);
    gate.clock.advance(906);
    expect((await gate.me(expired.current.accessToken)).errors?.[0]?.extensions.reason).toBe('TOKEN_EXPIRED');
    await untilWritten();
    for (const { sessionId } of [expired, ended])
      expect(await rowOf(sessionId)).toMatchObject({ confirmed_generation: 0 });
    await refreshed(gate, expired.person.refreshToken);
  });
});

describe('the last use of a session', () => {
  it('is written once it is a minute old, and not before', async () => {
    const { accessToken, session } = await gate.registerSomebody();
    const began = gate.clock.now();
    gate.clock.advance(59);
    await gate.me(accessToken);
    await untilWritten();
    expect((await rowOf(session.id)).last_used_at).toEqual(began);
    gate.clock.advance(1);
    await gate.me(accessToken);
    await untilWritten();
    expect((await rowOf(session.id)).last_used_at).toEqual(gate.clock.now());
  });

  it('is written at most once a minute, however often the session is used', async () => {
    const { accessToken, session } = await gate.registerSomebody();
    const uses: Date[] = [];
    for (let times = 0; times < 5; times += 1) {
      gate.clock.advance(20);
      await gate.me(accessToken);
      await untilWritten();
      uses.push((await rowOf(session.id)).last_used_at);
    }
    const written = [...new Set(uses.map((use) => use.getTime()))];
    const gaps = written.slice(1).map((use, index) => use - (written[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(60_000);
    expect(written.length).toBeGreaterThanOrEqual(2);
  });
});
