import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The open connections of a server, each with the answers that are still under way on it. */
export interface Connections {
  underWay(socket: Socket): readonly ServerResponse[];
  /** Destroys those connections for which the rule holds; answers how many. */
  destroyWhere(rule: (answers: readonly ServerResponse[]) => boolean): number;
  /** From now on ends a connection when its last answer is through, and those without a request at once. */
  endWhenIdle(): void;
}

/** Counts requests per connection, from the first one that the server accepts. */
export function trackConnections(server: Server): Connections {
  const open = new Map<Socket, Set<ServerResponse>>();
  let isEnding = false;

  server.on('connection', (socket: Socket) => {
    open.set(socket, new Set());
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }, answer) => {
    const answers = open.get(socket);
    answers?.add(answer);
    answer.once('close', () => {
      answers?.delete(answer);
      // destroySoon writes out first what has been said.
      if (isEnding && answers?.size === 0) socket.destroySoon();
    });
  });

  const destroyWhere: Connections['destroyWhere'] = (rule) => {
    const doomed = [...open].filter(([, answers]) => rule([...answers]));
    for (const [socket] of doomed) socket.destroy();
    return doomed.length;
  };
  return {
    underWay: (socket) => [...(open.get(socket) ?? [])],
    destroyWhere,
    endWhenIdle() {
      isEnding = true;
      destroyWhere((answers) => answers.length === 0);
    },
  };
}
