import pg from 'pg';
import { cancelStatement } from '../../platform/database/cancel-statement.js';
import { singleConnection } from '../../platform/database/connection-options.js';
import { isStuck, toDatabaseError } from '../../platform/database/database-error.js';
import { endConnection } from '../../platform/database/end-connection.js';
import { HEARTBEAT } from '../../platform/database/heartbeat.js';
import type { SigningKeysLook } from '../signing-key/follow-signing-keys.js';
import { readStoredSigningKeys } from '../signing-key/stored-signing-key.js';
import type { FeedEntry } from './revocation-list.js';

const LOOK_TIMEOUT_MS = 1_500;
/** A row stamped early may commit late: each look reads this far back again. */
const OVERLAP_SECONDS = 60;

interface FeedRow extends FeedEntry {
  isReplica: boolean;
  lookedAt: string;
  keysStamp: string;
  /** In the first row alone, and where the stamp is another than that of the last look. */
  signingKeys: unknown;
}

/** What one look brings. */
export interface FeedLook {
  entries: FeedEntry[];
  /** null: the keys are not in the database. */
  signingKeys: SigningKeysLook | null;
}

/** Reads the feed. */
export interface FeedLooker {
  /** The rows since the last look, of at least the last `backSeconds`, and of a while before: one may commit late. */
  look(needs: {
    backSeconds: number;
    keysStamp: string | null;
    /** Whether the answer has to prove that this server can still commit. */
    hasHeartbeat: boolean;
  }): Promise<FeedLook>;
  stop(): Promise<void>;
}

/** The keys that are not revoked, those aside that have long retired: a few small rows, which one stamp stands for. */
function keysOf(schema: string): string {
  return `(
    SELECT md5(list::text) AS stamp, list FROM (
      SELECT COALESCE(json_agg(k ORDER BY k.activates_at DESC, k.kid), '[]') AS list FROM "${schema}".signing_keys AS k
      WHERE k.revoked_at IS NULL
        AND (k.verifies_until IS NULL OR k.verifies_until > statement_timestamp() - interval '1 day')
    ) AS listed)`;
}

/** In one statement, by the database's clock alone: $1 seconds back, $2 the last look, $3 the stamp that is known. */
function lookStatement(needs: { schema: string; hasKeys: boolean; hasHeartbeat: boolean }): string {
  const { schema, hasKeys, hasHeartbeat } = needs;
  // With a heartbeat, the answer comes once that is committed: a primary that is cut off from its standbys gives none.
  // From the earlier of two moments: ours stands still while a machine sleeps, and the database's may be set back.
  return `
    SELECT pg_is_in_recovery() AS "isReplica", statement_timestamp()::text AS "lookedAt",
      id, user_id AS "userId", session_id AS "sessionId", auth_epoch AS "authEpoch", keys.stamp AS "keysStamp",
      CASE WHEN keys.stamp IS DISTINCT FROM $3::text AND row_number() OVER () = 1 THEN keys.list END AS "signingKeys"
    FROM (SELECT ${hasHeartbeat ? HEARTBEAT : ''}) AS here LEFT JOIN "${schema}".auth_changes
      ON at >= LEAST($2::timestamptz, statement_timestamp() - make_interval(secs => $1))
        - interval '${OVERLAP_SECONDS} seconds'
      CROSS JOIN ${hasKeys ? keysOf(schema) : "(SELECT '' AS stamp, '[]'::json AS list)"} AS keys`;
}

/** One connection of its own that reads the feed; made anew after any failure. */
export function createFeedLooker({
  url,
  schema,
  isPooled,
  hasKeys,
}: {
  url: string;
  schema: string;
  isPooled: boolean;
  /** Whether the signing keys are in the database, and to be looked at with the feed. */
  hasKeys: boolean;
}): FeedLooker {
  let client: pg.Client | null = null;
  const plain = lookStatement({ schema, hasKeys, hasHeartbeat: false });
  const committing = lookStatement({ schema, hasKeys, hasHeartbeat: true });
  let lastLookedAt: string | null = null;
  const drop = async () => {
    const dropped = client;
    client = null;
    await endConnection(dropped);
  };
  return {
    look: async ({ backSeconds, keysStamp, hasHeartbeat }) => {
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
        const statement = hasHeartbeat ? committing : plain;
        const { rows } = await client.query<FeedRow>(statement, [backSeconds, lastLookedAt, keysStamp]);
        const [first] = rows;
        // A replica may lag: what it shows proves nothing.
        if (first === undefined || first.isReplica) throw new Error('the feed was read from a replica');
        lastLookedAt = first.lookedAt;
        const { keysStamp: stamp, signingKeys: list } = first;
        const keys = list === null ? null : readStoredSigningKeys(list);
        return {
          entries: rows.filter(({ userId }) => userId !== null),
          signingKeys: hasKeys ? { stamp, keys } : null,
        };
      } catch (error) {
        if (client !== null && isStuck(toDatabaseError(error))) cancelStatement(client);
        void drop();
        throw error;
      }
    },
    stop: drop,
  };
}
