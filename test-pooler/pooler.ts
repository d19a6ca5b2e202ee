import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOperatingUser } from '../src/platform/embedded-postgres/operating-user.js';
import { freePort } from '../test/support/free-port.js';
import { waitUntil } from '../test/support/wait-until.js';

/** A pgbouncer in transaction mode, before all databases of one server. */
export interface Pooler {
  port: number;
  stop(): Promise<void>;
}

/** Connections to a database, for all gateways of a test together. */
const POOL_SIZE = 40;

/** Starts one before the server of `databaseUrl`; everybody is let in, as it listens on this machine alone. */
export async function startPooler({ program, databaseUrl }: { program: string; databaseUrl: string }): Promise<Pooler> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-pooler-'));
  const port = await freePort();
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(config, configOf({ databaseUrl, port }), { mode: 0o600 });
  // Like PostgreSQL, it refuses to run as root.
  const user = await findOperatingUser([]);
  if (user !== null) await Promise.all([folder, config].map((path) => chown(path, user.uid, user.gid)));
  const child = spawn(program, [config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
  });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  await waitUntil('pgbouncer listens', () => {
    if (child.exitCode !== null) throw new Error(`pgbouncer did not start:\n${Buffer.concat(said)}`);
    return isListening(port);
  });
  return {
    port,
    stop: async () => {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configOf({ databaseUrl, port }: { databaseUrl: string; port: number }): string {
  const { username, password, port: serverPort, searchParams } = new URL(databaseUrl);
  const server = `host=${searchParams.get('host')} port=${serverPort} user=${username} password=${password}`;
  return `[databases]
* = ${server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${POOL_SIZE}
max_client_conn = 1000
query_wait_timeout = 10
`;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
