import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDeployment, type Deployment } from '../support/gateway-pair.js';
import { type Person, REFRESH } from '../support/graphql-client.js';
import { eventually, holdSession, type OwnConnection, openConnection, untilWaiting } from '../support/lock-step.js';
import { rawConnection } from '../support/raw-http.js';
import { refreshThroughGate } from '../support/refresh-through-gate.js';
import { auditOf, INVALID_GRANT, refreshed, sessionRow } from '../support/session-facts.js';
import type { TestDatabase } from '../support/test-database.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const AT_ONCE = 20;

let gate: TestGateway;
/** Holds rows, so that requests arrive at one point. */
let holder: OwnConnection;
beforeAll(async () => {
  gate = await startTestGateway({ DATABASE_POOL_MAX: String(AT_ONCE) });
  holder = await openConnection(gate.database);
  await countRotations(gate.database);
});
afterAll(async () => {
  await holder.close();
  await gate.close();
});

/** Notes every change of a generation, so that two that write the same number are seen, too. */
async function countRotations(database: TestDatabase): Promise<void> {
  await database.query('CREATE TABLE public.rotations (session_id uuid)');
  await database.query(`CREATE FUNCTION public.note_rotation() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.rotations VALUES (NEW.id); RETURN NEW; END $$`);
  await database.query(`CREATE TRIGGER note_rotation AFTER UPDATE OF generation ON gatehouse.refresh_sessions
    FOR EACH ROW EXECUTE FUNCTION public.note_rotation()`);
}

async function rotationsOf(database: TestDatabase, sessionId: string): Promise<number> {
  return (await database.query('SELECT FROM public.rotations WHERE session_id = $1', [sessionId])).length;
}

/** Twenty callers with one token. */
const throughGate = (token: { sessionId: string; refreshToken: string }) =>
  refreshThroughGate({ clients: [gate], database: gate.database, token, times: AT_ONCE });

const tokenOf = ({ session, refreshToken }: Person) => ({ sessionId: session.id, refreshToken });

describe('one token many times at once', () => {
  it('R1, R3: twenty refreshes through a gate: one rotation, one successor for all, and it works', async () => {
    const person = await gate.registerSomebody();
    const successors = await throughGate(tokenOf(person));
    expect(new Set(successors).size).toBe(1);
    expect(await rotationsOf(gate.database, person.session.id)).toBe(1);
    expect(await sessionRow(gate.database, person.session.id)).toMatchObject({ generation: 1, revoked_at: null });
    await refreshed(gate, successors[0] ?? '');
    expect(await sessionRow(gate.database, person.session.id)).toMatchObject({ generation: 2, revoked_at: null });
  });

  it('R1: twenty without a gate, many times over', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { refreshToken, session } = await gate.registerSomebody();
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => refreshed(gate, refreshToken)));
      expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1);
      expect(await rotationsOf(gate.database, session.id)).toBe(1);
    }
  });

  it('never takes the row back: a refresh that read it two rotations ago judges it again', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    await holdSession(holder, session.id);
    const slow = gate.refresh(refreshToken);
    await untilWaiting(gate.database, 1);
    await holder.query('UPDATE gatehouse.refresh_sessions SET generation = 2 WHERE id = $1', [session.id]);
    await holder.query('COMMIT');
    expect((await slow).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ generation: 2, end_cause: 'REUSE' });
  });

  it('judges again where a late answer is confirmed while it is on its way', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    await refreshed(gate, refreshToken);
    gate.clock.advance(11);
    await holdSession(holder, session.id);
    const late = gate.refresh(refreshToken);
    await untilWaiting(gate.database, 1);
    await holder.query('UPDATE gatehouse.refresh_sessions SET confirmed_generation = 1 WHERE id = $1', [session.id]);
    await holder.query('COMMIT');
    expect((await late).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ end_cause: 'REUSE', late_answers_in_row: 0 });
  });

  it('judges again where the row is no longer what the end of a session was based on', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    await refreshed(gate, (await refreshed(gate, refreshToken)).refreshToken);
    await holdSession(holder, session.id);
    const old = gate.refresh(refreshToken);
    await untilWaiting(gate.database, 1);
    await holder.query('UPDATE gatehouse.refresh_sessions SET generation = 0 WHERE id = $1', [session.id]);
    await holder.query('COMMIT');
    expect((await old).tokens).not.toBeNull();
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ generation: 1, revoked_at: null });
  });

  it('ends the session once, with one audit event, where a used token comes twenty times at once', async () => {
    const person = await gate.registerSomebody();
    await refreshed(gate, (await refreshed(gate, person.refreshToken)).refreshToken);
    await throughGate(tokenOf(person));
    expect(await auditOf(gate.database, person.session.id)).toEqual(['SESSION_ENDED REUSE']);
  });
});

describe('an answer that nobody receives', () => {
  const request = (refreshToken: string) => {
    const body = JSON.stringify({ query: REFRESH, variables: { refreshToken } });
    const head = [
      'POST /graphql HTTP/1.1',
      'host: localhost',
      'content-type: application/json',
      `content-length: ${body.length}`,
    ];
    return `${head.join('\r\n')}\r\n\r\n${body}`;
  };

  it('R10: the socket is killed after the commit; the old token recovers within the grace window and after it', async () => {
    for (const seconds of [5, 600]) {
      const { refreshToken, session } = await gate.registerSomebody();
      const connection = await rawConnection({ port: gate.gateway.port });
      connection.socket.pause();
      connection.write(request(refreshToken));
      await eventually(async () => (await sessionRow(gate.database, session.id)).generation === 1);
      connection.socket.resetAndDestroy();
      expect(connection.received()).toBe('');
      gate.clock.advance(seconds);
      const recovered = await refreshed(gate, refreshToken);
      await refreshed(gate, recovered.refreshToken);
      expect(await sessionRow(gate.database, session.id)).toMatchObject({ generation: 2, revoked_at: null });
    }
  });

  it('R10: the client is gone before the commit; the old token works just so', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    await holdSession(holder, session.id);
    const connection = await rawConnection({ port: gate.gateway.port });
    connection.write(request(refreshToken));
    await untilWaiting(gate.database, 1);
    connection.socket.resetAndDestroy();
    await holder.query('COMMIT');
    const recovered = await refreshed(gate, refreshToken);
    await refreshed(gate, recovered.refreshToken);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ revoked_at: null });
  });
});

describe('two server processes', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await createDeployment();
    await countRotations(deployment.database);
  });
  afterAll(() => deployment.close());

  it('R2, R3: twenty refreshes through a gate on two processes: one rotation, one successor for all, and it works', async () => {
    const pool = { DATABASE_POOL_MAX: String(AT_ONCE) };
    const clients = await Promise.all([deployment.start(pool), deployment.start(pool)]);
    const person = await clients[0].registerSomebody();
    const successors = await refreshThroughGate({
      clients,
      database: deployment.database,
      token: tokenOf(person),
      times: AT_ONCE,
    });
    expect(new Set(successors).size).toBe(1);
    expect(await rotationsOf(deployment.database, person.session.id)).toBe(1);
    await refreshed(clients[1], successors[0] ?? '');
    expect(await sessionRow(deployment.database, person.session.id)).toMatchObject({ generation: 2, revoked_at: null });
  });
});
