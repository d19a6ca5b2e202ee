import type { Closing } from '../closing.js';
import type { Logger } from '../logger.js';
import { type Gauges, type Metrics, noMetrics } from './metrics.js';

/** Where to count, and where to say what is to be watched. */
export interface OpenMetrics {
  metrics: Metrics;
  watch(gauges: Gauges): void;
}

/** Counts and serves what is counted, where the settings say so; else nothing is loaded. */
export async function openMetrics(needs: {
  config: { metrics: { host: string; port: number } | null };
  log: Logger;
  closing: Closing;
}): Promise<OpenMetrics> {
  const { config, log, closing } = needs;
  if (config.metrics === null) return { metrics: noMetrics, watch: () => undefined };
  const { createPrometheusMetrics } = await import('./prometheus.js');
  const { serveMetrics } = await import('./serve-metrics.js');
  const { metrics, watch, registry } = createPrometheusMetrics();
  const server = await serveMetrics({ ...config.metrics, registry, log });
  closing.add(() => server.close());
  log.info({ event: 'metrics_served', url: server.url }, 'metrics are served');
  return { metrics, watch };
}
