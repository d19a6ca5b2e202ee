import { connect } from 'node:net';
import { join } from 'node:path';
import type { Client } from 'pg';

const REQUEST_BYTES = 16;
/** Stands in the place of a version (PostgreSQL, "Message Formats", CancelRequest). */
const CANCEL_CODE = 80_877_102;
const CONNECT_WITHIN_MS = 2_000;

/**
 * Asks the server to give up what it does for a connection, as the driver has; whether it does, nobody learns. A commit
 * that waits for a standby would else keep its server process for as long as the standby is away, whoever listens.
 */
export function cancelStatement(client: Client): void {
  const { processID, secretKey } = client as Client & { processID: number | null; secretKey: number | null };
  if (processID === null || secretKey === null) return;
  const request = Buffer.alloc(REQUEST_BYTES);
  for (const [index, part] of [REQUEST_BYTES, CANCEL_CODE, processID, secretKey].entries()) {
    request.writeInt32BE(part, index * 4);
  }
  const { host, port } = client;
  const socket = connect(host.startsWith('/') ? { path: join(host, `.s.PGSQL.${port}`) } : { host, port });
  socket.setTimeout(CONNECT_WITHIN_MS, () => socket.destroy());
  socket.on('error', () => undefined);
  socket.on('connect', () => socket.end(request));
}
