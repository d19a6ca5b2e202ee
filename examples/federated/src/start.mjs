import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compose } from './compose.mjs';
import { startReviews } from './reviews-subgraph.mjs';
import { startRouter } from './start-router.mjs';

const PORTS = { router: 4000, gatehouse: 4001, reviews: 4002 };
const gatehouseUrl = `http://127.0.0.1:${PORTS.gatehouse}`;
// What clients see is the router: tokens name it as their issuer.
const issuer = `http://127.0.0.1:${PORTS.router}`;
const folder = await mkdtemp(join(tmpdir(), 'gatehouse-federated-'));
const opened = [() => rm(folder, { recursive: true, force: true })];
let isEnding = false;

async function end() {
  if (isEnding) return;
  isEnding = true;
  for (const close of opened.reverse()) await close();
}
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void end());

/** The gateway, as an operator starts it. */
function startGatehouse() {
  const main = fileURLToPath(new URL('../../../dist/src/main.js', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: {
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
  const ended = new Promise((resolve) => child.once('exit', resolve));
  opened.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the gateway did not start')));
    createInterface({ input: child.stdout }).on('line', (line) => line.includes('serves http') && resolve());
  });
}

try {
  await startGatehouse();
  const jwksUrl = `${gatehouseUrl}/.well-known/jwks.json`;
  const reviews = await startReviews({ issuer, jwksUrl, port: PORTS.reviews });
  opened.push(reviews.stop);
  const supergraphSdl = await compose([
    { name: 'gatehouse', url: `${gatehouseUrl}/graphql` },
    { name: 'reviews', url: reviews.url },
  ]);
  const router = await startRouter({ supergraphSdl, folder, port: PORTS.router });
  opened.push(router.stop);
  process.stdout.write(`The router serves ${router.url}\n`);
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  await end();
}
