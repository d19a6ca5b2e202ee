import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { waitUntil } from '../test/support/wait-until.js';
import { underLoad } from './support/crew.js';
import { type Site, startSite } from './support/site.js';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.close());

const MEBIBYTE = 1_048_576;

it('no table of the database can grow: what must write is told "not now", and all goes on once there is room', () =>
  underLoad({ site, people: 6 }, async (crew) => {
    // Larger than a file of the write-ahead log, so that this table is the only one at the limit.
    await site.server.query(
      `INSERT INTO gatehouse.audit_events (user_id, id, at, kind)
       SELECT gen_random_uuid(), gen_random_uuid(), now(), 'FILLER' FROM generate_series(1, 300000)`,
    );
    const [size] = await site.server.query<{ bytes: number }>(
      "SELECT pg_relation_size('gatehouse.audit_events')::int AS bytes",
    );
    expect(size?.bytes).toBeGreaterThan(17 * MEBIBYTE);
    await site.server.limitFiles(size?.bytes ?? 0);
    let refused = 0;
    await waitUntil('somebody new is told "not now"', async () => {
      const answer = await site
        .gateway(0)
        .registerSomebody()
        .catch((error: Error) => error.message);
      if (typeof answer === 'string') {
        expect(answer).toContain('SERVICE_UNAVAILABLE');
        refused += 1;
      }
      return refused > 3;
    });
    await crew.goesOn();
    await site.server.limitFiles(null);
    await crew.oneLogsOut();
    await crew.goesOn();
    expect((await site.gateway(1).registerSomebody()).user.id).toBeDefined();
  }));

it('D1: its write-ahead log has no room: the database ends, and nothing acknowledged is lost once it is back', () =>
  underLoad({ site, people: 6 }, async (crew) => {
    await crew.oneLogsOut();
    await site.server.limitFiles(MEBIBYTE);
    // Log alone, more than one file of it: somewhere in there is the limit.
    const filling = site.server.query(
      "SELECT pg_logical_emit_message(false, 'filler', repeat('x', 1000000)) FROM generate_series(1, 40)",
    );
    await expect(filling).rejects.toThrow();
    await waitUntil('clients notice', () => crew.outages() > 3);
    await pause(1_000);
    await site.server.crash();
    await site.server.start();
  }));
