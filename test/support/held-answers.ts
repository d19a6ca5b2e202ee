import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/data-source.js';
import { createDatabase, type Database } from '../../src/platform/database/database.js';
import { waitUntil } from './wait-until.js';

/** A way to a database that can keep answers back: the server has given them, and who asked does not have them yet. */
export interface HeldAnswers {
  database: Database;
  /** From now on, keeps back the answers to statements that hold this text. */
  hold(text: string): void;
  /** Resolves when so many are kept back. */
  holding(count: number): Promise<void>;
  /** Lets all go, and keeps none back any more. */
  release(): void;
  close(): Promise<void>;
}

/** Opens a pool on the database at `url`. */
export async function holdAnswersOf(url: string): Promise<HeldAnswers> {
  const schema = 'gatehouse';
  const dataSource: DataSource = createDataSource({ url, schema, poolMax: 5, isPooled: false, hasTimeouts: true });
  await dataSource.initialize();
  const database = createDatabase({ dataSource, schema, isPooled: false });
  let heldText: string | null = null;
  let waiting: (() => void)[] = [];
  return {
    database: {
      ...database,
      query: async (statement) => {
        const rows = await database.query(statement);
        if (heldText !== null && statement.text.includes(heldText)) {
          await new Promise<void>((resolve) => waiting.push(resolve));
        }
        // biome-ignore lint/suspicious/noExplicitAny: the rows are of whatever type was asked for.
        return rows as any;
      },
    },
    hold: (text) => {
      heldText = text;
    },
    holding: (count) => waitUntil(`${count} answers are held`, async () => waiting.length >= count),
    release: () => {
      heldText = null;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
    close: () => dataSource.destroy(),
  };
}
