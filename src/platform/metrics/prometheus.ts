import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type Gauges, type Metrics, REFRESH_VERDICTS } from './metrics.js';

const LATENCY_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A registry of our own: an application's metrics and those of a second gateway in the process stay apart. */
export function createPrometheusMetrics(): { metrics: Metrics; watch(gauges: Gauges): void; registry: Registry } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return { metrics: counters(registry), watch: (gauges) => watchGauges(registry, gauges), registry };
}

function counters(registry: Registry): Metrics {
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: `gatehouse_${name}`, help, labelNames, registers: [registry] });
  const histogram = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Histogram({
      name: `gatehouse_${name}`,
      help,
      labelNames,
      buckets: LATENCY_BUCKETS_SECONDS,
      registers: [registry],
    });
  const operations = counter('operations_total', 'Operations by root field and code.', 'type', 'field', 'code');
  const seconds = histogram('operation_seconds', 'From an operation to its answer.', 'type', 'field');
  const responses = counter('http_responses_total', 'HTTP answers by status.', 'status');
  const logins = counter('logins_total', 'Logins by result.', 'result');
  const refreshes = counter('refreshes_total', 'Refreshes by verdict, or by the cause of a refusal.', 'verdict');
  const ended = counter('sessions_ended_total', 'Sessions ended, by cause.', 'cause');
  const waits = histogram('hashing_wait_seconds', 'How long a hashing waited for a thread.');
  const mails = counter('mails_total', 'Mails by kind and result.', 'kind', 'result');
  // A counter that appears with its first event has no rise that an alert could see.
  for (const verdict of REFRESH_VERDICTS) refreshes.inc({ verdict }, 0);
  for (const status of ['200', '500', '503']) responses.inc({ status }, 0);
  return {
    operation: ({ type, field, code, seconds: took }) => {
      operations.inc({ type, field, code });
      seconds.observe({ type, field }, took);
    },
    response: (status) => responses.inc({ status }),
    login: (result) => logins.inc({ result }),
    refresh: (verdict) => refreshes.inc({ verdict }),
    sessionsEnded: (cause, count) => ended.inc({ cause }, count),
    hashed: (waitedSeconds) => waits.observe(waitedSeconds),
    mail: (kind, result) => mails.inc({ kind, result }),
  };
}

function watchGauges(registry: Registry, gauges: Gauges): void {
  const gauge = (name: string, help: string, read: () => number | null | undefined) =>
    new Gauge({
      name: `gatehouse_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read() ?? Number.NaN);
      },
    });
  gauge('ready', 'Whether /health/ready says yes.', () => Number(gauges.isReady()));
  gauge('hashing_waiting', 'Hashings that wait for a thread.', () => gauges.hashing().waiting);
  gauge('hashing_waiting_max', 'Hashings that may wait.', () => gauges.hashing().waitingMax);
  gauge('database_connections', 'Connections of the pool.', () => gauges.database()?.total);
  gauge('database_connections_idle', 'Those that nothing uses.', () => gauges.database()?.idle);
  gauge('database_connections_max', 'Connections that the pool may have.', () => gauges.database()?.max);
  gauge('database_waiting', 'Statements that wait for a connection.', () => gauges.database()?.waiting);
  gauge('feed_lag_seconds', 'Since the feed of ended sessions was last read.', gauges.feedLagSeconds);
  gauge('clock_difference_seconds', "This clock less the database's.", gauges.clockDifferenceSeconds);
  gauge('signing_key_age_seconds', 'Since the key that signs became active.', gauges.signingKeyAgeSeconds);
  gauge('signing_keys_unreadable', 'Whether a key in use can not be opened.', () => Number(!gauges.areKeysReadable()));
  new Counter({
    name: 'gatehouse_log_lines_dropped_total',
    help: 'Log lines dropped because nobody read them.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(gauges.logLinesDropped());
    },
  });
}
