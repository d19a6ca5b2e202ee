import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

/** A table that nobody else can read or write until it is released: where statements gather for a race. */
export interface TableGate {
  /** Resolves when so many statements wait at the gate; rejects where they don't come. */
  waiting(count: number): Promise<void>;
  /** Lets all go at once. */
  release(): Promise<void>;
}

const POLL_MS = 5;
/** Short of the gateway's lock timeout, after which its statements would give up. */
const GATHER_WITHIN_MS = 2_500;

/** Locks a table (`schema.name`) of the database at `url`. */
export async function lockTable({ url, table }: { url: string; table: string }): Promise<TableGate> {
  const holder = new pg.Client({ connectionString: url });
  const observer = new pg.Client({ connectionString: url });
  await Promise.all([holder.connect(), observer.connect()]);
  await holder.query('BEGIN');
  await holder.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  const countWaiting = async () => {
    const { rows } = await observer.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM pg_locks WHERE relation = $1::regclass AND NOT granted',
      [table],
    );
    return rows[0]?.count ?? 0;
  };
  return {
    waiting: async (count) => {
      const tries = GATHER_WITHIN_MS / POLL_MS;
      for (let attempt = 0; attempt < tries; attempt += 1) {
        if ((await countWaiting()) >= count) return;
        await pause(POLL_MS);
      }
      throw new Error(`only ${await countWaiting()} of ${count} statements came to the gate`);
    },
    release: async () => {
      await holder.query('COMMIT');
      await Promise.all([holder.end(), observer.end()]);
    },
  };
}
