import { jest } from '@jest/globals';
import pg from 'pg';
import { eventually } from './lock-step.js';
import type { TestDatabase } from './test-database.js';

/** The gateway's own rounds, which go on meanwhile: the look at the feed, the clock, what was seen in use, mail that waits. */
const OWN_ROUNDS =
  /pg_is_in_recovery|AS now|WITH seen AS|FOR UPDATE SKIP LOCKED|WITH finished AS|WITH same AS|SELECT language FROM/;

/** Counts the statements that requests send, in this process, from when the mail of earlier ones has gone out. */
export async function countStatements(database: TestDatabase): Promise<{ count(): number; stop(): void }> {
  await eventually(async () => (await beingSent(database)) === 0);
  const statements = jest.spyOn(pg.Client.prototype, 'query');
  return {
    count: () => statements.mock.calls.filter(([text]) => !OWN_ROUNDS.test(JSON.stringify(text ?? ''))).length,
    stop: () => statements.mockRestore(),
  };
}

/** A mail that is due or claimed; one that is put off for a day is neither. */
async function beingSent(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ waiting: number }>(`
    SELECT count(*)::integer AS waiting FROM gatehouse.mail_outbox
    WHERE done_at IS NULL AND send_at < created_at + interval '10 minutes'`);
  return row?.waiting ?? 0;
}
