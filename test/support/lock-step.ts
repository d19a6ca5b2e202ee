import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import type { TestDatabase } from './test-database.js';

const POLL_MS = 2;
const WAIT_MS = 5_000;

/** Waits until a condition holds; throws where it does not within 5 seconds. */
export async function eventually(isSo: () => Promise<boolean> | boolean, pollMs = POLL_MS): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`waited too long until ${isSo}`);
    await setTimeout(pollMs);
  }
}

/** A connection of a test's own, with a transaction in which it does what another request or an operator would. */
export interface OwnConnection {
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** Opens a connection beside those of the gateway. */
export async function openConnection(database: TestDatabase): Promise<OwnConnection> {
  const client = new pg.Client({ connectionString: database.url, application_name: 'test' });
  client.on('error', () => undefined);
  await client.connect();
  return {
    query: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    close: () => client.end(),
  };
}

/** The arrival gate: waits until so many statements in this database stand before a lock, all having come as far. */
export async function untilWaiting(database: TestDatabase, count: number): Promise<void> {
  await eventually(async () => {
    const rows = await database.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rows.length >= count;
  });
}

/** Begins a transaction that keeps a session's row: what would change it waits for the commit, what reads it does not. */
export async function holdSession(connection: OwnConnection, sessionId: string): Promise<void> {
  await connection.query('BEGIN');
  await connection.query('SELECT FROM gatehouse.refresh_sessions WHERE id = $1 FOR UPDATE', [sessionId]);
}

/** The advisory lock that shuts the gate of {@link addSignInGate}. */
export const SIGN_IN_GATE = 4711;

/** A gate inside the statement of a login, after its look at the user and its new session: shut by an advisory lock. */
export async function addSignInGate(database: TestDatabase): Promise<void> {
  await database.query(`CREATE FUNCTION public.pass_gate() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${SIGN_IN_GATE}); RETURN NEW; END $$`);
  await database.query(`CREATE TRIGGER pass_gate BEFORE INSERT ON gatehouse.audit_events
    FOR EACH ROW WHEN (NEW.kind = 'LOGIN_SUCCEEDED') EXECUTE FUNCTION public.pass_gate()`);
}
