import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createAnswerEnd, createFrameReader } from './wire-frames.js';

/** Stands between a gateway and its database: counts statements, changes them, and fails as networks do. */
export interface DatabaseProxy {
  /** The database's URL, by way of here. */
  url: string;
  /** How often what was sent to the database held this text. */
  count(text: string): number;
  /** How many connections were made so far. */
  connections(): number;
  /** From now on, `from` reaches the database as `to`, made as long by spaces; answers how to undo that. */
  replace(from: string, to: string): () => void;
  /**
   * Lets the first statement through that holds this text, and cuts its connection once the server has answered it, in
   * the place of the answer: it was carried out, and nobody was told. Resolves at that moment.
   */
  loseAnswerTo(text: string): Promise<void>;
  /**
   * From now on the server ends each new connection in the packet that says that it is ready; answers how to undo that.
   */
  endNewConnections(): () => void;
  /** false: nothing gets through any more, not even the end of a connection, as behind a broken router. */
  setOpen(isOpen: boolean): void;
  /** Lets through again what comes from now on; connections whose statements were swallowed stay as they are. */
  resume(): void;
  /** true: every connection is cut at once, open ones and new ones, as by a server that has died. */
  setRefusing(isRefusing: boolean): void;
  close(): Promise<void>;
}

/** ReadyForQuery, idle. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
/** ErrorResponse: what a server says that ends a connection. */
const ENDED = (() => {
  const fields = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0';
  const frame = Buffer.alloc(5 + fields.length);
  frame.write('E');
  frame.writeInt32BE(4 + fields.length, 1);
  frame.write(fields, 5);
  return frame;
})();

interface AwaitedLoss {
  text: string;
  onLost: () => void;
}

/** A proxy to the database at `databaseUrl`. */
export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const sockets = new Set<Socket>();
  const sent: string[] = [];
  const replacements = new Set<[string, string]>();
  const losses = new Set<AwaitedLoss>();
  let isOpen = true;
  let connections = 0;
  let isRefusing = false;
  let isEndingNew = false;

  const replaced = (frame: Buffer): Buffer => {
    let text = frame.toString('latin1');
    for (const [from, to] of replacements) text = text.replaceAll(from, to.padEnd(from.length));
    return Buffer.from(text, 'latin1');
  };
  const takeLoss = (text: string): AwaitedLoss | null => {
    const loss = [...losses].find((one) => text.includes(one.text)) ?? null;
    if (loss !== null) losses.delete(loss);
    return loss;
  };
  const couple = (client: Socket, upstream: Socket) => {
    const framesOf = createFrameReader();
    let isNew = true;
    let loss: { onLost: () => void; isEnd: (chunk: Buffer) => boolean } | null = null;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (chunk) => {
      for (const frame of framesOf(chunk)) {
        if (!isOpen) continue;
        const outgoing = replaced(frame);
        const text = outgoing.toString('latin1');
        sent.push(text);
        const taken = takeLoss(text);
        if (taken !== null) loss = { onLost: taken.onLost, isEnd: createAnswerEnd() };
        upstream.write(outgoing);
      }
    });
    client.on('end', () => isOpen && upstream.end());
    upstream.on('data', (chunk) => {
      if (!isOpen) return;
      if (isNew && chunk.includes(READY)) {
        isNew = false;
        if (isEndingNew) {
          client.end(Buffer.concat([chunk, ENDED]));
          return;
        }
      }
      if (loss === null) {
        client.write(chunk);
      } else if (loss.isEnd(chunk)) {
        loss.onLost();
        cut();
      }
    });
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    connections += 1;
    if (isRefusing) client.destroy();
    else couple(client, connectTo(databaseUrl));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: urlByWayOf({ databaseUrl, port: (server.address() as AddressInfo).port }),
    count: (text) => sent.reduce((total, one) => total + one.split(text).length - 1, 0),
    connections: () => connections,
    replace: (from, to) => {
      const replacement: [string, string] = [from, to];
      replacements.add(replacement);
      return () => void replacements.delete(replacement);
    },
    loseAnswerTo: (text) => new Promise<void>((resolve) => losses.add({ text, onLost: resolve })),
    endNewConnections: () => {
      isEndingNew = true;
      return () => {
        isEndingNew = false;
      };
    },
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

function connectTo(databaseUrl: string): Socket {
  const { port, hostname, searchParams } = new URL(databaseUrl);
  const socketDir = searchParams.get('host');
  return socketDir === null
    ? connect({ port: Number(port), host: hostname })
    : connect({ path: join(socketDir, `.s.PGSQL.${port}`) });
}

function urlByWayOf({ databaseUrl, port }: { databaseUrl: string; port: number }): string {
  const url = new URL(databaseUrl);
  url.searchParams.delete('host');
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}
