import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../platform/logger.js';
import type { Connections } from './connections.js';
import type { HttpLimits } from './limits.js';

interface CloseParts {
  server: Server;
  connections: Connections;
  limits: Pick<HttpLimits, 'closeNoticeMs' | 'closeHalfSentMs' | 'closeLimitMs'>;
  log: Logger;
}

/**
 * Stops accepting, ends idle connections at once and the others when their answers are through.
 *
 * What has not wholly arrived is cut after `closeHalfSentMs`, everything after `closeLimitMs`.
 */
export async function closeGracefully({ server, connections, limits, log }: CloseParts): Promise<void> {
  if (limits.closeNoticeMs > 0) await pause(limits.closeNoticeMs);
  const hasClosed = stopAccepting(server);
  // What has already reached this machine is read before a connection counts as idle.
  await nextTurn();
  connections.endWhenIdle();
  const cut = (rule: (answers: readonly ServerResponse[]) => boolean, reason: string) => () => {
    const count = connections.destroyWhere(rule);
    if (count > 0) log.warn({ event: 'connections_cut', count, reason }, 'connections cut while closing');
  };
  const timers = [
    setTimeout(cut(isStuck, 'half_sent'), limits.closeHalfSentMs),
    setTimeout(
      cut(() => true, 'limit'),
      limits.closeLimitMs,
    ),
  ];
  await hasClosed;
  for (const timer of timers) clearTimeout(timer);
}

/**
 * Ends when the last connection has closed.
 *
 * http.Server's own close would destroy connections whose answer is written but not yet sent, and stop the
 * timeouts of half-sent requests: it comes last, when nothing is left.
 */
function stopAccepting(server: Server): Promise<void> {
  return new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
}

/** The request has not wholly arrived, or its answer waits for somebody to read it. */
function isStuck(answers: readonly ServerResponse[]): boolean {
  return answers.some((answer) => !answer.req.complete || answer.writableEnded);
}
