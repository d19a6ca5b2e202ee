import { jest } from '@jest/globals';
import pg from 'pg';

/** The gateway's own rounds, which go on meanwhile: the look at the feed, the clock, what was seen in use. */
const OWN_ROUNDS = /pg_is_in_recovery|AS now|WITH seen AS/;

/** Counts the statements that requests send, in this process, from now on. */
export function countStatements(): { count(): number; stop(): void } {
  const statements = jest.spyOn(pg.Client.prototype, 'query');
  return {
    count: () => statements.mock.calls.filter(([text]) => !OWN_ROUNDS.test(JSON.stringify(text ?? ''))).length,
    stop: () => statements.mockRestore(),
  };
}
