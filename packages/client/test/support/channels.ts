import type { Channel } from '@gatehouse/client';

/** Channels between the tabs of one device: each hears the others, a moment later, and never itself. */
export function createChannels(): { openChannel: (name: string) => Channel; told: string[] } {
  const rooms = new Map<string, Set<(data: unknown) => void>>();
  const told: string[] = [];
  const openChannel = (name: string): Channel => {
    const room = rooms.get(name) ?? new Set();
    rooms.set(name, room);
    let hear: (data: unknown) => void = () => {};
    const own = (data: unknown) => hear(data);
    room.add(own);
    return {
      postMessage: (message) => {
        const text = JSON.stringify(message);
        told.push(text);
        for (const other of [...room]) if (other !== own) setImmediate(() => other(JSON.parse(text)));
      },
      addEventListener: (_type, listener) => {
        hear = (data) => listener({ data });
      },
      close: () => void room.delete(own),
    };
  };
  return { openChannel, told };
}
