import pg from 'pg';
import { singleConnection } from '../../platform/database/connection-options.js';
import { endConnection } from '../../platform/database/end-connection.js';
import type { FeedEntry } from './revocation-list.js';

const LOOK_TIMEOUT_MS = 1_500;
/** A row stamped early may commit late: each look reads this far back again. */
const OVERLAP_SECONDS = 60;

interface FeedRow extends FeedEntry {
  isReplica: boolean;
  lookedAt: string;
}

/** Reads the feed. */
export interface FeedLooker {
  /** The rows since the last look, of at least the last `backSeconds`, and of a while before: one may commit late. */
  look(backSeconds: number): Promise<FeedEntry[]>;
  stop(): Promise<void>;
}

/** One connection of its own that reads the feed; made anew after any failure. */
export function createFeedLooker({
  url,
  schema,
  isPooled,
}: {
  url: string;
  schema: string;
  isPooled: boolean;
}): FeedLooker {
  let client: pg.Client | null = null;
  // By the database's clock alone, and from the earlier of two moments: ours stands still while a machine sleeps, and
  // the database's may be set back.
  const statement = `
    SELECT pg_is_in_recovery() AS "isReplica", statement_timestamp()::text AS "lookedAt",
      user_id AS "userId", session_id AS "sessionId", auth_epoch AS "authEpoch"
    FROM (SELECT) AS here LEFT JOIN "${schema}".auth_changes
      ON at >= LEAST($2::timestamptz, statement_timestamp() - make_interval(secs => $1))
        - interval '${OVERLAP_SECONDS} seconds'`;
  let lastLookedAt: string | null = null;
  const drop = async () => {
    const dropped = client;
    client = null;
    await endConnection(dropped);
  };
  return {
    look: async (backSeconds) => {
      try {
        if (client === null) {
          const fresh = new pg.Client({
            ...singleConnection({ url, queryTimeoutMs: LOOK_TIMEOUT_MS }),
            // Else each look that waits for a lock would leave a server process behind. Poolers refuse the setting.
            ...(isPooled ? {} : { statement_timeout: LOOK_TIMEOUT_MS }),
          });
          client = fresh;
          fresh.on('error', () => client === fresh && void drop());
          await fresh.connect();
        }
        const { rows } = await client.query<FeedRow>(statement, [backSeconds, lastLookedAt]);
        const [first] = rows;
        // A replica may lag: what it shows proves nothing.
        if (first === undefined || first.isReplica) throw new Error('the feed was read from a replica');
        lastLookedAt = first.lookedAt;
        return rows.filter(({ userId }) => userId !== null);
      } catch (error) {
        void drop();
        throw error;
      }
    },
    stop: drop,
  };
}
