import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/** Stands between a gateway and its database: counts statements, changes them, and fails as networks do. */
export interface DatabaseProxy {
  /** The database's URL, by way of here. */
  url: string;
  /** How often what was sent to the database held this text. */
  count(text: string): number;
  /** How many connections were made so far. */
  connections(): number;
  /** From now on, `from` reaches the database as `to`, made as long by spaces. */
  replace(from: string, to: string): void;
  /** false: nothing gets through any more, and nothing is closed, as behind a broken router. */
  setOpen(isOpen: boolean): void;
  /** Lets through again what comes from now on; connections whose statements were swallowed stay as they are. */
  resume(): void;
  /** true: every connection is cut at once, open ones and new ones, as by a server that has died. */
  setRefusing(isRefusing: boolean): void;
  close(): Promise<void>;
}

/** A proxy to the database at `databaseUrl`. */
export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const socketDir = target.searchParams.get('host');
  const sockets = new Set<Socket>();
  const sent: string[] = [];
  const replacements: [string, string][] = [];
  let isOpen = true;
  let connections = 0;
  let isRefusing = false;

  const replaced = (chunk: Buffer): Buffer => {
    let text = chunk.toString('latin1');
    for (const [from, to] of replacements) text = text.replaceAll(from, to.padEnd(from.length));
    return Buffer.from(text, 'latin1');
  };
  const server = createServer((client) => {
    connections += 1;
    if (isRefusing) {
      client.destroy();
      return;
    }
    const port = Number(target.port);
    const upstream =
      socketDir === null
        ? connect({ port, host: target.hostname })
        : connect({ path: join(socketDir, `.s.PGSQL.${port}`) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (!isOpen) return;
      const outgoing = replaced(chunk);
      sent.push(outgoing.toString('latin1'));
      upstream.write(outgoing);
    });
    upstream.on('data', (chunk) => {
      if (isOpen) client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const url = new URL(databaseUrl);
  url.searchParams.delete('host');
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    count: (text) => sent.reduce((total, chunk) => total + chunk.split(text).length - 1, 0),
    connections: () => connections,
    replace: (from, to) => void replacements.push([from, to]),
    setOpen: (open) => {
      isOpen = open;
      // What was swallowed on an open connection is lost: as after a real failure, they are cut.
      if (open) for (const socket of sockets) socket.destroy();
    },
    resume: () => {
      isOpen = true;
    },
    setRefusing: (refusing) => {
      isRefusing = refusing;
      if (refusing) for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
