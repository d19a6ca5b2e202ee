import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection on which a test writes what no HTTP client would. */
export interface RawConnection {
  socket: Socket;
  write(text: string): void;
  /** All that has arrived so far. */
  received(): string;
  /** Waits until what arrived matches; rejects when the connection closes, or `waitMs` pass, before it does. */
  until(pattern: RegExp): Promise<string>;
  /** Waits for the other side to close and answers all that arrived; rejects after `waitMs`. */
  closed(): Promise<string>;
}

/** Opens a raw connection to a port of this machine. */
export async function rawConnection({
  port,
  waitMs = 5_000,
}: {
  port: number;
  waitMs?: number;
}): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  let isClosed = false;
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watcher of watchers) watcher();
  };
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    changed();
  });
  // A reset is a way of closing, too.
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
    changed();
  });
  await once(socket, 'connect');

  const waitFor = ({ isDone, canEnd }: { isDone: () => boolean; canEnd: boolean }) =>
    new Promise<string>((resolve, reject) => {
      const fail = (why: string) =>
        settle(() => reject(new Error(`${why}; arrived: ${JSON.stringify(text.slice(0, 500))}`)));
      const timer = setTimeout(() => fail('waited too long'), waitMs);
      const settle = (end: () => void) => {
        clearTimeout(timer);
        watchers.delete(look);
        end();
      };
      const look = () => {
        if (isDone()) settle(() => resolve(text));
        else if (isClosed && !canEnd) fail('closed');
      };
      watchers.add(look);
      look();
    });
  return {
    socket,
    write: (more) => void socket.write(more),
    received: () => text,
    until: (pattern) => waitFor({ isDone: () => pattern.test(text), canEnd: false }),
    closed: () => waitFor({ isDone: () => isClosed, canEnd: true }),
  };
}

/** Writes a text on a new connection and answers all that came until the other side closed. */
export async function rawExchange({ port, text }: { port: number; text: string }): Promise<string> {
  const connection = await rawConnection({ port });
  connection.write(text);
  return connection.closed();
}
