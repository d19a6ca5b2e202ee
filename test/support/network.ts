import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/** The way from one gateway to its database. */
export interface Network {
  /** The database's URL, by this way. */
  url: string;
  /** What is sent, either way, waits on the way, as behind a router that is choked. */
  hold(): void;
  /** Whether something with this text waits on the way. */
  holds(text: string): boolean;
  /** Every connection breaks, and no new one is had. */
  cut(): void;
  /** As it was: what was held goes through. */
  open(): void;
  close(): Promise<void>;
}

/** A way to the database whose address `target` says at each connection: a restarted one listens elsewhere. */
export async function startNetwork(target: () => string): Promise<Network> {
  const sockets = new Set<Socket>();
  let held: { chunk: Buffer; to: Socket }[] = [];
  let state: 'open' | 'held' | 'cut' = 'open';

  const couple = (client: Socket, upstream: Socket) => {
    const pairs = [
      [client, upstream],
      [upstream, client],
    ] as const;
    for (const [from, to] of pairs) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (state === 'held') held.push({ chunk, to });
        else to.write(chunk);
      });
      from.on('end', () => state !== 'held' && to.end());
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        // What waits for the other side still gets there: the database does not know that the gateway has given up.
        if (!held.some((one) => one.to === to)) to.destroy();
      });
    }
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => undefined);
    if (state === 'cut') client.destroy();
    else couple(client, connectTo(target()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: urlByWayOf(target(), (server.address() as AddressInfo).port),
    hold: () => {
      state = 'held';
    },
    holds: (text) => held.some(({ chunk }) => chunk.includes(text)),
    cut: () => {
      state = 'cut';
      held = [];
      cutAll();
    },
    open: () => {
      state = 'open';
      for (const { chunk, to } of held) to.write(chunk);
      held = [];
    },
    close: async () => {
      server.close();
      cutAll();
      await once(server, 'close');
    },
  };
}

function connectTo(databaseUrl: string): Socket {
  const { port, searchParams } = new URL(databaseUrl);
  return connect({ path: join(searchParams.get('host') ?? '', `.s.PGSQL.${port}`) });
}

function urlByWayOf(databaseUrl: string, port: number): string {
  const url = new URL(databaseUrl);
  url.searchParams.delete('host');
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}
