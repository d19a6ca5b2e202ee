import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHousekeepingRepository } from '../../src/administration/housekeeping.repository.js';
import { createDataSource } from '../../src/data-source.js';
import { createDatabase } from '../../src/platform/database/database.js';
import { openConnection } from '../support/lock-step.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

const DAY_SECONDS = 86_400;

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ HOUSEKEEPING_SECONDS: '0' });
});
afterAll(() => gate.close());

const countOf = async (table: string, where = 'true') => {
  const [row] = await gate.database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM gatehouse.${table} WHERE ${where}`,
  );
  return row?.count;
};

const ago = (seconds: number) => new Date(gate.clock.now().getTime() - seconds * 1000);

/** Rows in every table, of which those older than `seconds` are over. */
async function fill(seconds: number): Promise<void> {
  const { database } = gate;
  const at = ago(seconds);
  await database.query(
    'INSERT INTO gatehouse.limit_counters SELECT decode(md5(random()::text), $2), 1, $1 FROM generate_series(1, 3)',
    [at, 'hex'],
  );
  await database.query(
    `INSERT INTO gatehouse.auth_changes (id, user_id, at) SELECT gen_random_uuid(), gen_random_uuid(),
       now() - make_interval(secs => $1) FROM generate_series(1, 3)`,
    [seconds],
  );
  await database.query(
    `INSERT INTO gatehouse.audit_events (user_id, id, at, kind)
     SELECT gen_random_uuid(), gen_random_uuid(), $1, 'LOGIN_FAILED' FROM generate_series(1, 3)`,
    [at],
  );
  await database.query(
    `INSERT INTO gatehouse.mail_outbox (id, kind, address, details, created_at, send_at, attempts, done_at)
     SELECT gen_random_uuid(), 'VERIFY_EMAIL', 'a@example.org', '{}', $1, $1, 1, $1 FROM generate_series(1, 3)`,
    [at],
  );
}

/** A repository of its own on the gateway's database, as another process has one. */
async function openRepository(auditRetentionDays = 365) {
  const dataSource = createDataSource({
    url: gate.database.url,
    schema: 'gatehouse',
    poolMax: 2,
    isPooled: false,
    hasTimeouts: true,
  });
  await dataSource.initialize();
  const database = createDatabase({ dataSource, schema: 'gatehouse', isPooled: false });
  return { ...createHousekeepingRepository({ database, auditRetentionDays }), close: () => dataSource.destroy() };
}

describe('housekeeping', () => {
  it('deletes what is over, and nothing that is not', async () => {
    await fill(366 * DAY_SECONDS);
    const old = await gate.registerSomebody();
    await gate.database.query('UPDATE gatehouse.refresh_sessions SET absolute_expires_at = $2 WHERE id = $1', [
      old.session.id,
      ago(1),
    ]);
    await fill(3_600);
    const alive = await gate.registerSomebody();
    await gate.database.query('UPDATE gatehouse.limit_counters SET expires_at = $1 WHERE expires_at > $2', [
      ago(-60),
      ago(3_601),
    ]);
    const sibling = await gate.startSibling({ config: { ...gate.parts.config, housekeepingSeconds: 1 } });
    await waitUntil(
      'all is deleted',
      async () => (await countOf('audit_events', "at < now() - interval '365 days'")) === 0,
    );
    await sibling.gateway.close();
    const counts = await Promise.all(['limit_counters', 'auth_changes', 'mail_outbox'].map((table) => countOf(table)));
    // Of the gateway's own counters, that of its registrations is left; of its mails, those of both registrations.
    expect(counts).toEqual([4, 3, 5]);
    expect(await countOf('audit_events', "kind = 'LOGIN_FAILED'")).toBe(3);
    expect(await countOf('refresh_sessions', `id = '${old.session.id}'`)).toBe(0);
    expect((await gate.refresh(alive.refreshToken)).tokens).not.toBeNull();
    expect((await gate.refresh(old.refreshToken)).errors?.[0]?.extensions.reason).toBe('INVALID_GRANT');
    expect(sibling.logLines.filter((line) => line.includes('housekeeping')).length).toBe(5);
  });

  it('keeps audit events for as many days as AUDIT_RETENTION_DAYS says, and for ever where that is 0', async () => {
    await fill(40 * DAY_SECONDS);
    const now = gate.clock.now();
    const [forEver, month] = [await openRepository(0), await openRepository(30)];
    expect(forEver.tables).not.toContain('audit_events');
    const outcome = await month.deleteBatch({ table: 'audit_events', rowsMax: 1_000, now });
    expect(outcome).toEqual({ kind: 'deleted', rows: 3 });
    await Promise.all([forEver.close(), month.close()]);
  });

  it('deletes no more at a time than it is told, and leaves the turn to whoever has it', async () => {
    const address = randomUUID();
    await gate.database.query('DELETE FROM gatehouse.mail_outbox');
    await gate.database.query(
      `INSERT INTO gatehouse.mail_outbox (id, kind, address, details, created_at, send_at, attempts, done_at)
       SELECT gen_random_uuid(), 'X', $1, '{}', $2, $2, 1, $2 FROM generate_series(1, 25)`,
      [address, ago(8 * DAY_SECONDS)],
    );
    const batch = { table: 'mail_outbox', rowsMax: 10, now: gate.clock.now() };
    const [one, other] = [await openRepository(), await openRepository()];
    // A row that somebody holds keeps the batch, and with it the turn, open.
    const holder = await openConnection(gate.database);
    await holder.query('BEGIN');
    await holder.query('SELECT FROM gatehouse.mail_outbox WHERE address = $1 FOR UPDATE', [address]);
    const waiting = one.deleteBatch(batch);
    await waitUntil('the batch waits', async () => {
      const rows = await gate.database.query(
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
      );
      return rows.length > 0;
    });
    expect(await other.deleteBatch(batch)).toEqual({ kind: 'busy' });
    await holder.query('COMMIT');
    expect(await waiting).toEqual({ kind: 'deleted', rows: 10 });
    expect(await other.deleteBatch(batch)).toEqual({ kind: 'deleted', rows: 10 });
    expect(await countOf('mail_outbox', `address = '${address}'`)).toBe(5);
    await Promise.all([one.close(), other.close(), holder.close()]);
  });

  it('goes on in batches until nothing is left, and ends at a stop', async () => {
    await gate.database.query(
      `INSERT INTO gatehouse.audit_events (user_id, id, at, kind)
       SELECT gen_random_uuid(), gen_random_uuid(), $1, 'LOGIN_FAILED' FROM generate_series(1, 3500)`,
      [ago(400 * DAY_SECONDS)],
    );
    const config = { ...gate.parts.config, housekeepingSeconds: 1 };
    const [first, second] = [await gate.startSibling({ config }), await gate.startSibling({ config })];
    await waitUntil(
      'all is deleted',
      async () => (await countOf('audit_events', "at < now() - interval '365 days'")) === 0,
    );
    await Promise.all([first.gateway.close(), second.gateway.close()]);
    const deleted = [...first.logLines, ...second.logLines]
      .filter((line) => line.includes('"audit_events"'))
      .reduce((sum, line) => sum + (JSON.parse(line) as { deleted: number }).deleted, 0);
    expect(deleted).toBe(3500);
  });
});
