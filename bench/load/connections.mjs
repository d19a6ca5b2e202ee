// Bare connections that speak just enough HTTP/1.1 for answers with a Content-Length. node:http costs a load process
// more than some servers take to answer, and where both share the cores it would be what is measured.
import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/** Keeps up to `max` connections; a request that finds none free waits for one. */
export function createConnections({ url, max }) {
  const idle = [];
  const waiting = [];
  const all = new Set();

  const take = () => {
    if (idle.length > 0) return idle.pop();
    if (all.size >= max) return new Promise((resolve) => waiting.push(resolve));
    const socket = connect({ host: url.hostname, port: url.port, noDelay: true });
    all.add(socket);
    return socket;
  };
  const give = (socket) => {
    if (socket.destroyed) {
      all.delete(socket);
      if (waiting.length > 0) waiting.shift()(take());
    } else if (waiting.length > 0) waiting.shift()(socket);
    else idle.push(socket);
  };
  return {
    /** The body of the answer. */
    async send({ method, path = url.pathname, headers, body = '' }) {
      const lines = Object.entries({ host: url.host, ...headers, 'content-length': Buffer.byteLength(body) });
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const socket = await take();
      try {
        return await exchange(socket, `${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`);
      } finally {
        give(socket);
      }
    },
    close() {
      for (const socket of all) socket.destroy();
    },
  };
}

function exchange(socket, text) {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const done = (outcome, value) => {
      socket.off('data', onData).off('error', onEnd).off('close', onEnd);
      outcome(value);
    };
    const onEnd = (error) => {
      socket.destroy();
      done(reject, error instanceof Error ? error : new Error('the connection was closed'));
    };
    const onData = (chunk) => {
      read = read.length === 0 ? chunk : Buffer.concat([read, chunk]);
      const headEnd = read.indexOf(HEAD_END);
      if (headEnd < 0) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(read.toString('latin1', 0, headEnd))?.[1];
      if (length === undefined) return onEnd(new Error('an answer without Content-Length'));
      const bodyAt = headEnd + HEAD_END.length;
      if (read.length >= bodyAt + Number(length)) done(resolve, read.toString('utf8', bodyAt, bodyAt + Number(length)));
    };
    socket.on('data', onData).on('error', onEnd).on('close', onEnd);
    socket.write(text);
  });
}
