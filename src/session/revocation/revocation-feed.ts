import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.js';
import type { Logger } from '../../platform/logger.js';
import type { SigningKeysFollower } from '../signing-key/follow-signing-keys.js';
import { feedChannel } from './ending.js';
import { createFeedListener } from './feed-listener.js';
import { createFeedLooker } from './feed-looker.js';
import type { RevocationList } from './revocation-list.js';

/** Keeps a {@link RevocationList} in step with the table `auth_changes`. */
export interface RevocationFeed {
  /** Looks for the first time, then once a second and when woken, until stopped. Never throws. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Whether the last look is too old to vouch for any session. */
  isBehind(): boolean;
  /** Since the last look was sent; null: there was none. */
  lagSeconds(): number | null;
}

interface Needs {
  /** Where to look: the primary; outside the pool. */
  url: string;
  /** Where to listen for wake-ups, past any pooler. */
  directUrl: string;
  schema: string;
  clock: Clock;
  revocations: RevocationList;
  /** What follows the signing keys at each look; null: they are not in the database. */
  keysFollower: SigningKeysFollower | null;
  log: Logger;
}

const LOOK_EVERY_MS = 1_000;
/** What another process has ended is refused here within this time, or not vouched for. */
const BOUND_MS = 2_000;
/** Many ends in a row are read together: the pause after a look is at least this, and as long as the look took. */
const WAKE_GAP_MS = 20;
const KEEP_SECONDS = 3_665;
/** Looks that were woken sooner than this after one that vouches merely read: many ends need not be as many commits. */
const VOUCH_EVERY_MS = 500;

/** A feed that has not begun. */
export function createRevocationFeed(needs: Needs): RevocationFeed {
  const { url, directUrl, schema, clock, revocations, keysFollower, log } = needs;
  const looker = createFeedLooker({ url, schema, isPooled: url !== directUrl, hasKeys: keysFollower !== null });
  const listener = createFeedListener({ url: directUrl, channel: feedChannel(schema), onWake: () => wake() });
  /** Of the last look that vouches. */
  let lastLookSentMs: number | null = null;
  let lastLookTookMs = 0;
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;
  let isWakePending = false;
  let isStopped = false;
  let isFailing = false;

  const look = async () => {
    const sentMs = clock.monotonicMs();
    // First everything that an access token may still be affected by, then what came since the last look.
    const sinceSeconds = lastLookSentMs === null ? KEEP_SECONDS : (sentMs - lastLookSentMs) / 1000;
    const hasHeartbeat = lastLookSentMs === null || sentMs - lastLookSentMs >= VOUCH_EVERY_MS;
    try {
      const keysStamp = keysFollower?.stamp() ?? null;
      const { entries, signingKeys } = await looker.look({ backSeconds: sinceSeconds, keysStamp, hasHeartbeat });
      revocations.noteAll(entries);
      if (signingKeys !== null) keysFollower?.note(signingKeys);
      if (hasHeartbeat) lastLookSentMs = sentMs;
      lastLookTookMs = clock.monotonicMs() - sentMs;
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
      await setTimeoutPromise(Math.max(WAKE_GAP_MS, lastLookTookMs));
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
    lagSeconds: () => (lastLookSentMs === null ? null : (clock.monotonicMs() - lastLookSentMs) / 1000),
    isBehind: () => lastLookSentMs === null || clock.monotonicMs() - lastLookSentMs > BOUND_MS,
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
