import { once } from 'node:events';
import { chown, mkdtemp, realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROLE_NAME } from './cluster.js';
import { canReach, type OperatingUser } from './operating-user.js';
import { SOCKET_DIR_PREFIX, SOCKET_PORT } from './postmaster-file.js';

/** Where a server listens: in a private folder, or by TCP on this machine alone where there are no unix sockets. */
export type ServerAddress =
  | { kind: 'socket'; socketDir: string; port: number }
  | { kind: 'loopback'; host: string; port: number };

/** A socket's whole path fits into 104 bytes on macOS and 108 on Linux, with the closing zero. */
const SOCKET_PATH_BYTES_MAX = 103;

/** Picks an address that nobody else uses: sockets lie in a new folder of mode 0700, owned by the operating user. */
export async function pickAddress(user: OperatingUser | null): Promise<ServerAddress> {
  if (process.platform === 'win32') return { kind: 'loopback', host: '127.0.0.1', port: await freePort() };
  const socketDir = await mkdtemp(join(await socketBase(user), SOCKET_DIR_PREFIX));
  if (user !== null) await chown(socketDir, user.uid, user.gid);
  return { kind: 'socket', socketDir, port: SOCKET_PORT };
}

async function socketBase(user: OperatingUser | null): Promise<string> {
  const base = tmpdir();
  const longest = join(base, `${SOCKET_DIR_PREFIX}XXXXXX`, `.s.PGSQL.${SOCKET_PORT}`);
  const isShort = Buffer.byteLength(longest) <= SOCKET_PATH_BYTES_MAX;
  return isShort && (await canReach({ path: await realpath(base), user })) ? base : '/tmp';
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The settings that make a server listen there and nowhere else. */
export function addressSettings(address: ServerAddress): Record<string, string> {
  const isSocket = address.kind === 'socket';
  return {
    listen_addresses: isSocket ? '' : address.host,
    unix_socket_directories: isSocket ? address.socketDir : '',
    port: String(address.port),
  };
}

/** A URL for `pg`, TypeORM and `psql` alike, naming the port and TLS too, so that PGPORT and PGSSLMODE don't interfere. */
export function addressUrl(target: { address: ServerAddress; password: string; database: string }): string {
  const { address } = target;
  const host = address.kind === 'socket' ? 'localhost' : address.host;
  const url = new URL(`postgresql://${ROLE_NAME}:${target.password}@${host}:${address.port}/${target.database}`);
  if (address.kind === 'socket') url.searchParams.set('host', address.socketDir);
  url.searchParams.set('sslmode', 'disable');
  return url.href;
}
