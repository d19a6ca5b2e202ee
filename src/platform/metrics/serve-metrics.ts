import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Logger } from '../logger.js';

const METRICS_PATH = '/metrics';
/** One scraper, perhaps two, and somebody who looks. */
const CONNECTIONS_MAX = 20;
const TIMEOUT_MS = 5_000;

/**
 * Serves a registry at `GET /metrics`, on a port of its own; rejects with Node's error where that is taken. Labels hold
 * no person, address or token; still, what a gateway is doing is nobody's business outside.
 */
export async function serveMetrics(needs: {
  host: string;
  port: number;
  registry: Registry;
  log: Logger;
}): Promise<{ url: string; close(): Promise<void> }> {
  const { host, port, registry, log } = needs;
  const timeouts = { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, keepAliveTimeout: TIMEOUT_MS };
  const server = createServer(timeouts, async ({ method, url }, response) => {
    response.setHeader('cache-control', 'no-store').setHeader('x-content-type-options', 'nosniff');
    try {
      if (url !== METRICS_PATH || method !== 'GET') {
        response.writeHead(404).end();
        return;
      }
      const text = await registry.metrics();
      response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    } catch (error) {
      log.error({ event: 'metrics_failed', cause: error instanceof Error ? error.message : null });
      response.writeHead(500).end();
    }
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
  await once(server, 'listening');
  // The gateway goes on without it, and says so.
  server.on('error', (error) => log.error({ event: 'metrics_failed', cause: error.message }));
  server.unref();
  const { address, family, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}${METRICS_PATH}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
