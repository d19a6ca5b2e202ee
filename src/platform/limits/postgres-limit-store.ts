import sql, { type Sql } from 'sql-template-tag';
import { addSeconds } from '../clock.js';
import type { Database } from '../database/database.js';
import type { CountedBucket, LimitStore } from './limit-store.js';

interface CounterRow {
  hash: Buffer;
  points: number;
  expiresAt: Date;
  isTaken: boolean;
}

/**
 * Counts in the table `limit_counters`: one statement for all buckets of a try. A refused one only reads, so that a flood
 * waits for no lock and spends nothing of the other buckets. Of tries at once each sees a number of its own.
 */
export function createPostgresLimitStore({ database }: { database: Database }): LimitStore {
  const counters = database.table('limit_counters');

  const giveBack = async (taken: readonly CounterRow[], now: Date) => {
    await database.query(sql`
      UPDATE ${counters} AS c SET points = c.points - 1
      FROM unnest(${taken.map(({ hash }) => hash)}::bytea[],
        ${taken.map(({ expiresAt }) => expiresAt)}::timestamptz[]) AS p (hash, expires_at)
      WHERE c.hash = p.hash AND c.expires_at = p.expires_at AND c.expires_at > ${now} AND c.points > 0`);
  };

  return {
    take: async ({ buckets, now }) => {
      const rows = await database.query<CounterRow>(takeStatement({ counters, buckets, now }));
      const rowOf = ({ hash }: CountedBucket) => rows.find((row) => row.hash.equals(hash));
      // Judged once more: tries at once may all have found room, and only the first of them had it.
      const full = buckets.flatMap((bucket, place) => {
        const row = rowOf(bucket);
        const isFull = row !== undefined && (!row.isTaken || row.points > bucket.points);
        return isFull ? [{ place, until: row.expiresAt.getTime() }] : [];
      });
      if (full.length === 0) return { kind: 'taken', giveBack: (at) => giveBack(rows, at) };
      const until = new Date(Math.max(...full.map((one) => one.until)));
      return { kind: 'full', full: full.map(({ place }) => place), until };
    },
  };
}

/** Rows in the order of their hashes: two statements that meet wait for one another one way round only. */
function takeStatement(needs: { counters: Sql; buckets: readonly CountedBucket[]; now: Date }): Sql {
  const { counters, buckets, now } = needs;
  return sql`
    WITH wanted AS MATERIALIZED (
      SELECT * FROM unnest(${buckets.map(({ hash }) => hash)}::bytea[],
        ${buckets.map(({ points }) => points)}::integer[],
        ${buckets.map(({ seconds }) => addSeconds(now, seconds))}::timestamptz[]) AS w (hash, points_max, window_end)
    ), full_ones AS MATERIALIZED (
      SELECT c.hash, c.points, c.expires_at FROM wanted AS w JOIN ${counters} AS c ON c.hash = w.hash
      WHERE c.expires_at > ${now} AND c.points >= w.points_max
    ), taken AS (
      INSERT INTO ${counters} AS c (hash, points, expires_at)
      SELECT hash, 1, window_end FROM wanted WHERE NOT EXISTS (SELECT FROM full_ones) ORDER BY hash
      ON CONFLICT (hash) DO UPDATE SET
        points = CASE WHEN c.expires_at > ${now} THEN c.points + 1 ELSE 1 END,
        expires_at = CASE WHEN c.expires_at > ${now} THEN c.expires_at ELSE EXCLUDED.expires_at END
      RETURNING c.hash, c.points, c.expires_at
    )
    SELECT hash, points, expires_at AS "expiresAt", true AS "isTaken" FROM taken
    UNION ALL SELECT hash, points, expires_at, false FROM full_ones`;
}
