import pg from 'pg';
import { singleConnection } from '../../platform/database/connection-options.js';
import { endConnection } from '../../platform/database/end-connection.js';

const RECONNECT_AFTER_MS = 1_000;
const LISTEN_TIMEOUT_MS = 1_500;

/** Hears that the feed has a new row. */
export interface FeedListener {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** One connection that waits for wake-ups; without it, the feed is merely looked at once a second. */
export function createFeedListener({
  url,
  channel,
  onWake,
}: {
  url: string;
  channel: string;
  onWake: () => void;
}): FeedListener {
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
      }, RECONNECT_AFTER_MS);
    }
  };
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client(singleConnection({ url, queryTimeoutMs: LISTEN_TIMEOUT_MS }));
    client = fresh;
    fresh.on('error', () => client === fresh && reconnectLater());
    fresh.on('end', () => client === fresh && reconnectLater());
    fresh.on('notification', onWake);
    try {
      await fresh.connect();
      await fresh.query(`LISTEN "${channel}"`);
      // What was announced while nobody listened.
      onWake();
    } catch {
      if (client === fresh) reconnectLater();
    }
  };
  return {
    start: connect,
    stop: async () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      const open = client;
      client = null;
      await endConnection(open);
    },
  };
}
