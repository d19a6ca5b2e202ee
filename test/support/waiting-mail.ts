import { uuidv7 } from 'uuidv7';
import type { Clock } from '../../src/platform/clock.js';
import type { TestDatabase } from './test-database.js';

/** A row of the outbox. */
export interface OutboxRow {
  id: string;
  kind: string;
  address: string;
  attempts: number;
  result: string | null;
  details: Record<string, string>;
}

/** Puts a mail into the outbox, as a change would; answers its id. */
export async function writeMail(needs: {
  database: TestDatabase;
  clock: Clock;
  kind?: string;
  address?: string;
  userId?: string | null;
  language?: string | null;
  details?: Record<string, string>;
}): Promise<string> {
  const { database, clock, kind = 'NEW_DEVICE', userId = null, language = null, details = {} } = needs;
  const id = uuidv7();
  const address = needs.address ?? `${id}@example.org`;
  await database.query(
    `INSERT INTO gatehouse.mail_outbox (id, kind, address, user_id, language, details, created_at, send_at, attempts)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0)`,
    [id, kind, address, userId, language, details, clock.now()],
  );
  return id;
}

/** The row of a mail. */
export async function mailRow(database: TestDatabase, id: string): Promise<OutboxRow> {
  const [row] = await database.query<OutboxRow>('SELECT * FROM gatehouse.mail_outbox WHERE id = $1', [id]);
  if (row === undefined) throw new Error(`no mail ${id}`);
  return row;
}
