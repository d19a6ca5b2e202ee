import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import pg from 'pg';
import type { Clock } from '../../platform/clock.js';
import { singleConnection } from '../../platform/database/connection-options.js';
import type { Logger } from '../../platform/logger.js';
import { feedChannel } from './ending.js';
import type { FeedEntry, RevocationList } from './revocation-list.js';

/** Keeps a {@link RevocationList} in step with the table `auth_changes`. */
export interface RevocationFeed {
  /** Looks for the first time, then once a second and when woken, until stopped. Never throws. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Whether the last look is too old to vouch for any session. */
  isBehind(): boolean;
  /** Whether this process has looked at all. */
  hasLooked(): boolean;
}

interface Needs {
  /** Where to look: the primary; outside the pool. */
  url: string;
  /** Where to listen for wake-ups, past any pooler. */
  directUrl: string;
  schema: string;
  clock: Clock;
  revocations: RevocationList;
  log: Logger;
}

const LOOK_EVERY_MS = 1_000;
/** What another process has ended is refused here within this time, or not vouched for. */
const BOUND_MS = 2_000;
/** Many ends in a row are read together. */
const WAKE_GAP_MS = 20;
const LOOK_TIMEOUT_MS = 1_500;
const END_WITHIN_MS = 1_000;
/** A row stamped early may commit late: each look reads this far back again. */
const OVERLAP_SECONDS = 60;
const KEEP_SECONDS = 3_665;

/** A feed that has not begun. */
export function createRevocationFeed({ url, directUrl, schema, clock, revocations, log }: Needs): RevocationFeed {
  const looker = createLooker({ url, schema, isPooled: url !== directUrl });
  const listener = createListener({ url: directUrl, channel: feedChannel(schema), onWake: () => wake() });
  let lastLookSentMs: number | null = null;
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;
  let isWakePending = false;
  let isStopped = false;
  let isFailing = false;

  const look = async () => {
    const sentMs = clock.monotonicMs();
    // First everything that an access token may still be affected by, then what came since the last look.
    const sinceSeconds = lastLookSentMs === null ? KEEP_SECONDS : (sentMs - lastLookSentMs) / 1000;
    try {
      revocations.noteAll(await looker.look(sinceSeconds));
      lastLookSentMs = sentMs;
      if (isFailing) log.info({ event: 'revocation_feed_back' }, 'the revocation feed answers again');
      isFailing = false;
    } catch (error) {
      if (!isFailing)
        log.warn({ event: 'revocation_feed_failed', cause: textOf(error) }, 'no look at the revocation feed');
      isFailing = true;
    }
  };
  const run = async (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    isWakePending = false;
    await look();
    while (isWakePending && !isFailing && !isStopped) {
      await setTimeoutPromise(WAKE_GAP_MS);
      isWakePending = false;
      await look();
    }
    looking = null;
    if (!isStopped) timer = setTimeout(begin, LOOK_EVERY_MS);
  };
  const begin = () => {
    looking ??= run();
    return looking;
  };
  const wake = () => {
    isWakePending = true;
    if (!isStopped) void begin();
  };

  return {
    start: async () => {
      void listener.start();
      await begin();
    },
    stop: async () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await listener.stop();
      // Before the looker's connection: one that is ended while it is being made leaves its maker waiting for ever.
      await looking;
      await looker.stop();
    },
    isBehind: () => lastLookSentMs === null || clock.monotonicMs() - lastLookSentMs > BOUND_MS,
    hasLooked: () => lastLookSentMs !== null,
  };
}

/** Ends a connection, and waits for that only so long: behind a broken network, nobody may ever answer. */
async function letGo(client: pg.Client | null): Promise<void> {
  if (client === null) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, END_WITHIN_MS);
  });
  await Promise.race([client.end().catch(() => undefined), late]);
  clearTimeout(timer);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

interface FeedRow extends FeedEntry {
  isReplica: boolean;
  lookedAt: string;
}

/** One connection that reads the feed; made anew after any failure. */
function createLooker({ url, schema, isPooled }: { url: string; schema: string; isPooled: boolean }) {
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
    await letGo(dropped);
  };
  return {
    look: async (backSeconds: number): Promise<FeedEntry[]> => {
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

/** One connection that waits for wake-ups; without it, the feed is merely looked at once a second. */
function createListener({ url, channel, onWake }: { url: string; channel: string; onWake: () => void }) {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;

  const reconnectLater = () => {
    const dropped = client;
    client = null;
    void dropped?.end().catch(() => undefined);
    if (!isStopped && timer === null) {
      timer = setTimeout(() => {
        timer = null;
        void connect();
      }, LOOK_EVERY_MS);
    }
  };
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client(singleConnection({ url, queryTimeoutMs: LOOK_TIMEOUT_MS }));
    client = fresh;
    fresh.on('error', reconnectLater);
    fresh.on('end', () => client === fresh && reconnectLater());
    fresh.on('notification', onWake);
    try {
      await fresh.connect();
      await fresh.query(`LISTEN "${channel}"`);
      // What was announced while nobody listened.
      onWake();
    } catch {
      reconnectLater();
    }
  };
  return {
    start: connect,
    stop: async () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      const open = client;
      client = null;
      await letGo(open);
    },
  };
}
