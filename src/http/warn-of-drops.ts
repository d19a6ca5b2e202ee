import type { Server } from 'node:http';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/logger.js';

const INTERVAL_MS = 60_000;

/** Warns when connections beyond the cap are dropped: once a minute at most, as a flood must not flood the log. */
export function warnOfDrops({ server, log, clock }: { server: Server; log: Logger; clock: Clock }): void {
  let count = 0;
  let warnedAtMs = Number.NEGATIVE_INFINITY;
  server.on('drop', () => {
    count++;
    const nowMs = clock.monotonicMs();
    if (nowMs - warnedAtMs < INTERVAL_MS) return;
    log.warn({ event: 'connections_dropped', count, connectionsMax: server.maxConnections }, 'connections dropped');
    count = 0;
    warnedAtMs = nowMs;
  });
}
