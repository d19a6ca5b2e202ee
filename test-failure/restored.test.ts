import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { underLoad } from './support/crew.js';
import { type Site, startSite } from './support/site.js';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.close());

it('D4: the database is restored from a while ago: every session goes on, and what was ended since stays ended', async () => {
  const people = 8;
  let endedSession = '';
  await underLoad({ site, people }, async (crew) => {
    await site.server.stop();
    await site.server.keepCopy();
    await site.server.start();
    await crew.goesOn(10);
    endedSession = (await crew.oneLogsOut()).person.session.id;
    await crew.goesOn(10);
    await pause(1_500);
    await site.server.stop();
    await site.server.restoreCopy();
    await site.server.start();
  });
  const events = await site.server.query<{ kind: string; cause: string | null; count: number }>(
    `SELECT kind, cause, count(*)::int AS count FROM gatehouse.audit_events
       WHERE kind = 'DATABASE_WENT_BACK' OR (kind = 'SESSION_ENDED' AND session_id = $1) GROUP BY 1, 2 ORDER BY 1`,
    [endedSession],
  );
  expect(events).toEqual([
    { kind: 'DATABASE_WENT_BACK', cause: null, count: people - 1 },
    { kind: 'SESSION_ENDED', cause: 'DATABASE_WENT_BACK', count: 1 },
  ]);
});
