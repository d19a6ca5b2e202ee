import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../platform/logger.js';
import type { Random } from '../platform/random.js';
import type { Connections } from './connections.js';
import { type Refusal, refusalJson, refusals } from './refusal.js';
import { securityHeaders } from './security-headers.js';

/** How long a refused connection is kept, so that the refusal is read before a reset discards it. */
const LINGER_MS = 500;

const REFUSAL_BY_ERROR: Record<string, Refusal> = {
  ERR_HTTP_REQUEST_TIMEOUT: refusals.tooSlow,
  HPE_HEADER_OVERFLOW: refusals.headersTooLarge,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: refusals.bodyTooLarge,
};

interface BareAnswerParts {
  isProduction: boolean;
  random: Random;
  log: Logger;
  connections: () => Connections;
}

/** Answers, on the socket itself, what never becomes a request: and closes, as its end can't be known (RFC 9112 11.2). */
interface BareAnswers {
  /** Listener of `clientError`. */
  onClientError(error: NodeJS.ErrnoException, socket: Socket): void;
  /** Listener of `connect`: this is no proxy. */
  onConnect(request: unknown, socket: Socket): void;
}

/** Makes the answers to what Node's parser refuses: JSON with the headers of any other answer. */
export function bareAnswers({ isProduction, random, log, connections }: BareAnswerParts): BareAnswers {
  const headers = securityHeaders({ isProduction });
  const answer = ({ socket, refusal, reason }: { socket: Socket; refusal: Refusal; reason: string }) => {
    const requestId = random.id();
    log.info({ event: 'request', requestId, status: refusal.status, reason }, 'request');
    const allow: Record<string, string> = refusal.status === 405 ? { allow: 'GET, POST' } : {};
    const body = refusalJson({ refusal, requestId });
    socket.end(
      bareMessage({ status: refusal.status, headers: { ...headers, ...allow, 'x-request-id': requestId }, body }),
    );
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
  return {
    onClientError(error, socket) {
      // An answer to a request that went before may be under way: a second one would be taken for it.
      const isAnswering = connections()
        .underWay(socket)
        .some((other) => other.headersSent || other.req.complete);
      if (isAnswering || error.code === 'ECONNRESET') socket.destroy();
      if (!socket.writable) return;
      answer({
        socket,
        refusal: REFUSAL_BY_ERROR[error.code ?? ''] ?? refusals.malformed,
        reason: error.code ?? 'unknown',
      });
    },
    onConnect(_request, socket) {
      // Past the parser nobody else listens: an unheard error would end the process.
      socket.on('error', () => socket.destroy());
      // Behind a request that is under way, this answer would be taken for that one's.
      if (connections().underWay(socket).length > 0) {
        socket.destroy();
        return;
      }
      answer({ socket, refusal: refusals.methodNotAllowed, reason: 'CONNECT' });
    },
  };
}

function bareMessage({
  status,
  headers,
  body,
}: {
  status: number;
  headers: Record<string, string>;
  body: string;
}): string {
  const all = {
    ...headers,
    connection: 'close',
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
