// Starts everything for a look: the gateway of this repository, on its embedded database, and this app.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { gatewayUrl } from './gateway-url.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const repository = fileURLToPath(new URL('../../', import.meta.url));
const client = fileURLToPath(new URL('../../packages/client/', import.meta.url));
const LONGEST_START_MS = 120_000;
const APP_ORIGIN = 'http://localhost:5173';

const say = (text) => process.stdout.write(`${text}\n`);
function giveUp(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

/** Runs npm to its end. Started by npm, this knows where npm is; a shell finds it else, on Windows too. */
function npm(args, cwd) {
  const { npm_execpath: path } = process.env;
  const options = { cwd, stdio: 'inherit' };
  const { status } = path
    ? spawnSync(process.execPath, [path, ...args], options)
    : spawnSync(`npm ${args.join(' ')}`, { ...options, shell: true });
  if (status !== 0) giveUp(`npm ${args.join(' ')} failed in ${cwd}`);
}

function newest(folder) {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(0, ...files.map(({ name }) => statSync(`${folder}/${name}`).mtimeMs));
}

function buildClient() {
  const isBuilt = existsSync(`${client}dist`) && newest(`${client}dist`) >= newest(`${client}src`);
  if (isBuilt) return;
  if (!existsSync(`${client}node_modules`)) npm(['ci', '--silent'], client);
  say('Building @gatehouse/client …');
  npm(['run', '--silent', 'build'], client);
}

/** Whether a gateway answers; null: something else does. */
async function isServing() {
  const body = JSON.stringify({ query: '{ __typename me { id } }' });
  const headers = { 'content-type': 'application/json' };
  let response;
  try {
    response = await fetch(gatewayUrl, { method: 'POST', headers, body, signal: AbortSignal.timeout(2000) });
  } catch {
    return false;
  }
  const answer = await response.json().catch(() => null);
  return answer?.data?.me === null ? true : null;
}

let gateway = null;
let vite = null;
let isEnding = false;

/** Starts the repository's gateway where the app will look for it; resolves once it serves. */
async function startGateway() {
  if (!existsSync(`${repository}node_modules`)) giveUp(`First run npm ci in ${repository}`);
  npm(['run', '--silent', 'build'], repository);
  const env = {
    LOG_LEVEL: 'warn',
    // Links of mails lead to this app's screens.
    ACCOUNT_PAGES_URL: `${APP_ORIGIN}/account`,
    ...process.env,
    PORT: new URL(gatewayUrl).port || '80',
  };
  const stdio = ['ignore', 'inherit', 'inherit'];
  gateway = spawn(process.execPath, ['dist/src/main.js'], { cwd: repository, env, stdio });
  gateway.once('exit', (code) => end(code ?? 1));
  for (const startedAt = Date.now(); !(await isServing()); await wait(200)) {
    if (isEnding) return;
    if (Date.now() - startedAt > LONGEST_START_MS) await end(1);
  }
}

/** Ends both, the gateway first: its database wants to be stopped in order. */
async function end(exitCode) {
  if (isEnding) return;
  isEnding = true;
  if (gateway !== null && gateway.exitCode === null && gateway.signalCode === null) {
    const gone = new Promise((resolve) => gateway.once('exit', resolve));
    gateway.kill('SIGTERM');
    await gone;
  }
  await vite?.close();
  process.exit(exitCode);
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(0));

buildClient();
const found = await isServing();
if (found === null) giveUp(`Something that is no gateway answers at ${gatewayUrl}`);
if (found) say(`A gateway answers at ${gatewayUrl} already: using that one.`);
else await startGateway();

if (!isEnding) {
  // The client package may be newer than Vite's copy of it.
  vite = await createServer({ root: here, forceOptimizeDeps: true });
  await vite.listen();
  // By this name: under 127.0.0.1, the page would be of another site than the gateway, and get no cookie.
  say(`The example app is at ${APP_ORIGIN} (Ctrl-C ends it and its gateway).`);
  if (gateway !== null) say(`The mail that the gateway sends is at ${new URL('/dev/mail', gatewayUrl)}`);
}
