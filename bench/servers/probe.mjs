// Loaded into a server before all else (node --import): counts what it sends to the database, and tells of its memory and of
// the delay of its event loop when it is asked.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import pg from 'pg';

/** The gateway's rounds on connections and timers of their own, which no request causes. */
const OWN_ROUNDS = /pg_is_in_recovery|AS now|WITH seen AS|LISTEN|FOR UPDATE SKIP LOCKED/;

let statements = 0;
const send = pg.Client.prototype.query;
pg.Client.prototype.query = function query(statement, ...rest) {
  const text = typeof statement === 'string' ? statement : (statement?.text ?? '');
  if (!OWN_ROUNDS.test(text)) statements += 1;
  return send.call(this, statement, ...rest);
};

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

const answers = {
  statements: () => statements,
  memory: () => {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    return { rss, heapUsed };
  },
  // What the histogram tells beyond its own resolution.
  delay: () => {
    const [p50, p99, max] = [delay.percentile(50), delay.percentile(99), delay.max].map((ns) => ns / 1e6 - 5);
    delay.reset();
    return { p50, p99, max };
  },
};
process.on('message', ({ ask }) => process.send({ ask, answer: answers[ask]() }));
process.channel?.unref();
