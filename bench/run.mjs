// Compares the gateway with the floor, in turns in one run, on one PostgreSQL: `npm run bench`.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { systemClock } from '../dist/src/platform/clock.js';
import { startEmbeddedPostgres } from '../dist/src/platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger } from '../dist/src/platform/logger.js';
import { systemRandom } from '../dist/src/platform/random.js';
import { generateSigningKeys } from '../dist/src/session/access-token/signing-keys.js';

const ROUNDS = 5;
const ROUND_SECONDS = 4;
const CONNECTIONS = 16;
const ISSUER = 'http://localhost:4000';
const ME = '{ me { id email emailVerified roles createdAt } }';
const REFRESH =
  'mutation R($refreshToken: String) { refreshToken(refreshToken: $refreshToken) { accessToken expiresIn refreshToken } }';
const LOGIN =
  'mutation L($input: RegisterInput!) { register(input: $input) { ... on AuthPayload { accessToken refreshToken } } }';

const random = systemRandom(systemClock);
const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
const children = [];

function start(file, env) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const url = /serves (\S+\/graphql)/.exec(line)?.[1];
      if (url) resolve(url);
    });
  });
}

async function post(url, body) {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json();
}

async function people(url, count) {
  const made = [];
  for (let index = 0; index < count; index += 1) {
    const input = { email: `p${index}-${random.id()}@example.org`, password: 'a long enough passphrase' };
    made.push((await post(url, { query: LOGIN, variables: { input } })).data.register);
  }
  return made;
}

const request = (headers, body) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body,
});

function run(url, setupClient) {
  return autocannon({ url, connections: CONNECTIONS, duration: ROUND_SECONDS, setupClient }).then((result) => {
    if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx} refusals, ${result.errors} errors`);
    return result.requests.average;
  });
}

function runMe(url, signedIn) {
  let next = 0;
  return run(url, (client) => {
    const { accessToken } = signedIn[next++ % signedIn.length];
    client.setRequests([request({ authorization: `Bearer ${accessToken}` }, JSON.stringify({ query: ME }))]);
  });
}

function runRefresh(url, signedIn) {
  let next = 0;
  return run(url, (client) => {
    const mine = signedIn[next++ % signedIn.length];
    const bodyOf = () => JSON.stringify({ query: REFRESH, variables: { refreshToken: mine.refreshToken } });
    const onResponse = (_status, text) => {
      const refreshed = JSON.parse(text).data?.refreshToken;
      if (!refreshed) throw new Error(text);
      mine.refreshToken = refreshed.refreshToken;
      client.setRequests([{ ...request({}, bodyOf()), onResponse }]);
    };
    client.setRequests([{ ...request({}, bodyOf()), onResponse }]);
  });
}

const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];

async function compare(name, runOne, gateway, floor) {
  const ratios = [];
  const rates = { gateway: [], floor: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const ours = await runOne(gateway, await people(gateway, CONNECTIONS));
    const theirs = await runOne(floor, await people(gateway, CONNECTIONS));
    rates.gateway.push(ours);
    rates.floor.push(theirs);
    ratios.push(ours / theirs);
  }
  const row = [name, median(rates.gateway).toFixed(0), median(rates.floor).toFixed(0), median(ratios).toFixed(2)];
  process.stdout.write(`| ${row.join(' | ')} |\n`);
}

const server = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), random, log: createLogger('silent') });
try {
  const signingKeys = generateSigningKeys();
  const secret = random.bytes(32).toString('base64url');
  await writeFile(join(folder, 'keys.json'), signingKeys, { mode: 0o600 });
  const database = { DATABASE_URL: server.url };
  const gateway = await start('../dist/src/main.js', {
    ...database,
    PORT: '0',
    LOG_LEVEL: 'warn',
    BCRYPT_COST: '10',
    // What is measured is no attack.
    LIMIT_REGISTER_NETWORK: '100000/900',
    LIMIT_REFRESH_SESSION: '100000000/900',
    JWT_ISSUER: ISSUER,
    REFRESH_TOKEN_SECRETS: secret,
    SIGNING_KEYS_FILE: join(folder, 'keys.json'),
  });
  const floor = await start('./floor.mjs', { ...database, SECRET: secret, SIGNING_KEYS: signingKeys, ISSUER });
  process.stdout.write(
    '| scenario | gateway, requests/s | floor, requests/s | ratio (median of rounds) |\n|---|---|---|---|\n',
  );
  await compare('me', runMe, gateway, floor);
  await compare('refreshToken', runRefresh, gateway, floor);
} finally {
  for (const child of children) child.kill('SIGTERM');
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
