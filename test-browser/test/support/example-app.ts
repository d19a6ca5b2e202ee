import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { FindFile } from './app-server.js';

const BUILT = new URL('../../../examples/spa/dist/', import.meta.url);
const GATEWAY_META = /<meta name="gatehouse-url" content="([^"]+)"/;

/** The example app as it was built, but for the gateway that its index.html names; throws where it was not built. */
export function exampleApp(gateway: () => string): FindFile {
  const index = new URL('index.html', BUILT);
  if (!existsSync(index)) {
    throw new Error('build the example app first: npm --prefix examples/spa ci && npm --prefix examples/spa run build');
  }
  return async (path) => {
    // Its screens for the links of mails are the same page.
    if (path !== '/' && !path.startsWith('/account/')) return readFile(new URL(path.slice(1), BUILT));
    const html = await readFile(index, 'utf8');
    const named = GATEWAY_META.exec(html)?.[1];
    if (named === undefined) throw new Error('index.html names no gateway');
    // In the Content-Security-Policy, too.
    return html.replaceAll(named, `${gateway()}/graphql`);
  };
}
