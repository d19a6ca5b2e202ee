import type { EventEmitter } from 'node:events';
import type { DataSource } from 'typeorm';

/**
 * Keeps the process alive where the server ends a connection while nobody listens to it: in the packet that says that a
 * new one is ready, before TypeORM has heard of it, or once more after TypeORM has let go of it. A client of `pg`
 * without a listener throws then, out of everybody's reach. Whoever uses the connection still learns of its end.
 */
export function surviveEndedConnections(dataSource: DataSource): void {
  const { master: pool } = dataSource.driver as unknown as { master: EventEmitter };
  const known = new WeakSet<EventEmitter>();
  pool.on('acquire', (client: EventEmitter) => {
    if (known.has(client)) return;
    known.add(client);
    client.on('error', () => undefined);
  });
}
