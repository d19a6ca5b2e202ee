import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';

/** A server of static files on a free port of this machine. */
export interface AppServer {
  port: number;
  /** Its origin as pages of an app have it. */
  origin: string;
  close(): Promise<void>;
}

/** Answers what stands at a path, text or bytes; null: nothing. */
export type FindFile = (path: string) => Promise<string | Buffer | null>;

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Serves what `find` finds. */
export async function startAppServer(find: FindFile): Promise<AppServer> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = await find(path).catch(() => null);
    const type = TYPES[extname(path) || '.html'] ?? 'application/octet-stream';
    response.writeHead(file === null ? 404 : 200, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(file ?? 'not found');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The page under test: the client package, and nothing beside it. `gateway` is asked for each time it is loaded. */
export function authPage(gateway: () => string): FindFile {
  const bundle = new URL('../page/bundle.js', import.meta.url);
  return async (path) => {
    if (path === '/bundle.js') return readFile(bundle);
    if (path !== '/') return null;
    return `<!doctype html><html lang="en"><meta charset="utf-8"><title>app</title><link rel="icon" href="data:,">
<meta name="gatehouse-url" content="${gateway()}/graphql"><script type="module" src="/bundle.js"></script></html>`;
  };
}
