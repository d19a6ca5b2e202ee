import type { FastifyInstance } from 'fastify';

/** Listens on one address and answers the URL at which this machine reaches it. */
export async function listenOn({
  fastify,
  host,
  port,
}: {
  fastify: FastifyInstance;
  host: string;
  port: number;
}): Promise<{ url: string; port: number }> {
  await fastify.listen({ host: literalAddress(host), port });
  const address = fastify.server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port');
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[address.address];
  const shown = reachable ?? (address.family === 'IPv6' ? `[${address.address}]` : address.address);
  return { url: `http://${shown}:${address.port}`, port: address.port };
}

/**
 * For `localhost` Fastify opens a second server on the other address family, without our error answers, caps and
 * connection count: 127.0.0.1 it is.
 */
function literalAddress(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1');
}
