import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compose } from './compose.mjs';
import { startReviews } from './reviews-subgraph.mjs';
import { createRunning, endProcess } from './running.mjs';
import { startRouter } from './start-router.mjs';

/** The router's; the subgraphs take the next two. */
const PORT = Number(process.env.PORT ?? 4000);
const PORTS = { router: PORT, gatehouse: PORT + 1, reviews: PORT + 2 };
const gatehouseUrl = `http://127.0.0.1:${PORTS.gatehouse}`;
// What clients see is the router: tokens name it as their issuer.
const issuer = `http://127.0.0.1:${PORTS.router}`;
const example = fileURLToPath(new URL('..', import.meta.url));
const running = createRunning();
const aborting = new AbortController();

/** Ends all three, whatever has begun of them, and this process. */
async function end(exitCode) {
  if (running.isEnding()) return;
  aborting.abort();
  await running.end();
  process.exit(exitCode);
}
// Not once: npm sends each signal twice, and the second one would end this process before the others.
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void end(0));

/** The gateway, as an operator starts it, with a data folder of this example's own. */
async function startGatehouse() {
  const main = fileURLToPath(new URL('../../../dist/src/main.js', import.meta.url));
  const gateway = spawn(process.execPath, [main], {
    cwd: example,
    env: {
      GATEHOUSE_DATA_DIR: join(example, '.gatehouse'),
      ...process.env,
      PORT: String(PORTS.gatehouse),
      PUBLIC_URL: issuer,
      GATEHOUSE_FEDERATION: 'true',
      ROLE_SCOPES: '{"COUNTER":["reviews:count"]}',
      // The router says where a client really is.
      TRUSTED_PROXIES: 'loopback',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => gateway.once('exit', resolve));
  const stop = () => endProcess(gateway);
  aborting.signal.addEventListener('abort', stop);
  await new Promise((resolve, reject) => {
    gateway.once('exit', () => reject(new Error('the gateway did not start')));
    createInterface({ input: gateway.stdout }).on('line', (line) => line.includes('serves http') && resolve());
  });
  return { stop, ended };
}

async function makeFolder() {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-federated-'));
  return { path, stop: () => rm(path, { recursive: true, force: true }) };
}

async function startAll() {
  const folder = await running.begin(makeFolder());
  const gatehouse = await running.begin(startGatehouse());
  const jwksUrl = `${gatehouseUrl}/.well-known/jwks.json`;
  const reviews = await running.begin(startReviews({ issuer, jwksUrl, port: PORTS.reviews }));
  const supergraphSdl = await compose([
    { name: 'gatehouse', url: `${gatehouseUrl}/graphql` },
    { name: 'reviews', url: reviews.url },
  ]);
  const settings = { supergraphSdl, folder: folder.path, port: PORTS.router, signal: aborting.signal };
  const router = await running.begin(startRouter(settings));
  process.stdout.write(`The router serves ${router.url}\n`);
  // One of them without the others is of no use.
  void Promise.race([gatehouse.ended, router.ended]).then(() => end(1));
}

try {
  await startAll();
} catch (error) {
  if (!running.isEnding()) process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  await end(1);
}
