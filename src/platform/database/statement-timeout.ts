import sql from 'sql-template-tag';
import type { Logger } from '../logger.js';
import type { Database } from './database.js';

/** A mere warning, where nothing ends a statement that takes too long; where it can't be told, nothing is said. */
export async function warnWithoutStatementTimeout({
  database,
  log,
}: {
  database: Database;
  log: Logger;
}): Promise<void> {
  const statement = sql`SHOW statement_timeout`;
  const [row] = await database.query<{ statement_timeout: string }>(statement).catch(() => []);
  if (row?.statement_timeout !== '0') return;
  log.warn(
    { event: 'no_statement_timeout' },
    'the database sets no statement_timeout for our role: set one with ALTER ROLE',
  );
}
