import { exampleOperations } from './example-operations.js';
import { GRAPHQL_PATH } from './paths.js';
import { RefusedRequest, refusals } from './refusal.js';

/** The only script element of GraphiQL's page; its text is megabytes of source that contain the tag, too. */
const SCRIPT_START = '<script>\n        function prepareBlob';
const NONCE_BYTES = 16;

interface ExplorerPage {
  body: Buffer;
  contentSecurityPolicy: string;
}

/**
 * Makes the self-hosted GraphiQL, from which no request leaves the machine; each answer has a nonce of its own.
 *
 * Loaded and rendered once, on the first call (9 MB). The package that brings it is optional: where it is missing, that
 * is said.
 *
 * @throws {RefusedRequest} `noExplorer`
 */
export function explorer({ nonceBytes }: { nonceBytes: (length: number) => Buffer }): () => Promise<ExplorerPage> {
  let rendering: Promise<[head: Buffer, tail: Buffer]> | null = null;
  return async () => {
    rendering ??= renderExplorer();
    const [head, tail] = await rendering;
    const nonce = nonceBytes(NONCE_BYTES).toString('base64');
    const body = Buffer.concat([head, Buffer.from(` nonce="${nonce}"`), tail]);
    return { body, contentSecurityPolicy: explorerCsp(nonce) };
  };
}

/** GraphiQL's editor makes workers from blobs and styles at run time; nothing else is let in. */
function explorerCsp(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "style-src 'unsafe-inline'",
    'worker-src blob:',
    "connect-src 'self'",
    "img-src 'self' data:",
    'font-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join(';');
}

async function renderExplorer(): Promise<[Buffer, Buffer]> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql').catch(explainMissing);
  const html = renderGraphiQL({
    title: 'Gatehouse',
    endpoint: GRAPHQL_PATH,
    defaultQuery: exampleOperations,
    defaultEditorToolsVisibility: 'headers',
    isHeadersEditorEnabled: true,
    // Access tokens stay out of the browser's storage.
    shouldPersistHeaders: false,
  });
  const at = html.indexOf(SCRIPT_START);
  if (at === -1) throw new Error('The page of GraphiQL has no place for a nonce');
  const split = at + '<script'.length;
  return [Buffer.from(html.slice(0, split).trimStart()), Buffer.from(html.slice(split))];
}

function explainMissing(error: unknown): never {
  const isMissing = Object(error).code === 'ERR_MODULE_NOT_FOUND';
  throw isMissing ? new RefusedRequest(refusals.noExplorer) : error;
}
