// Mixed traffic with churn at 60 % of what the machine bears, for 20 minutes: `npm run soak`, or with `--minutes 2`
// for a trial. Memory, handles, connections and latency have to stay flat, and what has expired has to go. The figures
// of a whole run go to bench/soak.md; the exit code says whether they were flat.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { systemClock } from '../dist/src/platform/clock.js';
import { startEmbeddedPostgres } from '../dist/src/platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger } from '../dist/src/platform/logger.js';
import { systemRandom } from '../dist/src/platform/random.js';

const { values: options } = parseArgs({ options: { minutes: { type: 'string', default: '20' } } });
const MINUTES = Number(options.minutes);
const FULL_MINUTES = 20;
const SAMPLES = 20;
const LOAD = 0.6;
const CALIBRATE_SECONDS = 15;
const CALIBRATE_CONCURRENCY = 16;
const PEOPLE = 150;
const PASSWORD = 'a long enough passphrase';
/** Sessions come and go within the run, so that there is something to delete all the time. */
const LIFETIMES = {
  ACCESS_TOKEN_TTL_SECONDS: '30',
  SESSION_IDLE_TTL_SECONDS: '60',
  SESSION_ABSOLUTE_TTL_SECONDS: '90',
  HOUSEKEEPING_SECONDS: '10',
};
/** Every operation, and how many of a hundred it makes up. */
const MIX = { me: 68, sessions: 5, refresh: 20, login: 4, logout: 2, register: 1 };

/** Told by SIGUSR2, the gateway collects its garbage and says what is left. */
const PROBE = `
  import v8 from 'node:v8'; import vm from 'node:vm';
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  process.on('SIGUSR2', () => {
    gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    const handles = process.getActiveResourcesInfo().length;
    process.stderr.write(JSON.stringify({ probe: { rss, heapUsed, external, handles } }) + '\\n');
  });`;

const random = systemRandom(systemClock);
const folder = await mkdtemp(join(tmpdir(), 'gatehouse-soak-'));

const PAYLOAD = '{ ... on AuthPayload { accessToken refreshToken } }';
const OPERATIONS = {
  me: 'query Me { me { id email roles } }',
  sessions: 'query S { sessions { id lastUsedAt } }',
  refresh:
    'mutation R($refreshToken: String) { refreshToken(refreshToken: $refreshToken) { accessToken refreshToken } }',
  login: `mutation L($input: LoginInput!) { login(input: $input) ${PAYLOAD} }`,
  logout: 'mutation O($refreshToken: String) { logout(refreshToken: $refreshToken) }',
  register: `mutation N($input: RegisterInput!) { register(input: $input) ${PAYLOAD} }`,
};

async function startGateway(databaseUrl) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../dist/src/main.js', import.meta.url))], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PROBE)}`,
      DATABASE_URL: databaseUrl,
      GATEHOUSE_DATA_DIR: join(folder, 'gateway'),
      PORT: '0',
      LOG_LEVEL: 'warn',
      BCRYPT_COST: '10',
      HASH_WORKERS: '1',
      // Each request comes from another network, as those of many people do.
      TRUSTED_PROXIES: '127.0.0.1',
      ...LIFETIMES,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const waiting = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('{"probe"')) waiting.shift()?.(JSON.parse(line).probe);
    else process.stderr.write(`${line}\n`);
  });
  const url = await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the gateway did not start')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const served = /serves (\S+\/graphql)/.exec(line)?.[1];
      if (served) resolve(served);
    });
  });
  const probe = () => {
    const answer = new Promise((resolve) => waiting.push(resolve));
    child.kill('SIGUSR2');
    return answer;
  };
  return { child, url, probe };
}

const byte = () => Math.floor(Math.random() * 254) + 1;
const address = () => `${byte()}.${byte()}.${byte()}.${byte()}`;
const pick = (list) => list[Math.floor(Math.random() * list.length)];

function pickOperation() {
  let rest = Math.random() * 100;
  for (const [name, share] of Object.entries(MIX)) {
    rest -= share;
    if (rest < 0) return name;
  }
  return 'me';
}

/** People, some of them signed in; what they do is one operation at a time. */
function createTraffic(url) {
  const people = [];
  const counts = { done: 0, notNow: 0, refused: 0, failed: 0 };
  let latencies = [];
  const send = async (name, variables, accessToken) => {
    const beganAt = performance.now();
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': address(),
        ...(accessToken ? { authorization: `Bearer ${accessToken}` } : {}),
      },
      body: JSON.stringify({ query: OPERATIONS[name], variables }),
    });
    const { data, errors } = await response.json();
    latencies.push(performance.now() - beganAt);
    const code = errors?.[0]?.extensions?.code;
    if (code === undefined) counts.done += 1;
    else if (code === 'SERVICE_UNAVAILABLE' || code === 'RATE_LIMITED') counts.notNow += 1;
    else if (code === 'UNAUTHENTICATED') counts.refused += 1;
    else counts.failed += 1;
    return { data, code };
  };
  const keep = (person, payload) => {
    if (payload?.accessToken) person.tokens = payload;
  };
  const signIn = async (person) => {
    const { data } = await send('login', { input: { email: person.email, password: PASSWORD } });
    keep(person, data?.login);
  };
  const register = async () => {
    const person = { email: `p${random.id()}@example.org`, tokens: null, isBusy: false };
    const { data } = await send('register', { input: { email: person.email, password: PASSWORD } });
    keep(person, data?.register);
    // Some are forgotten for each that comes: the number at work stays the same.
    if (people.length < PEOPLE) people.push(person);
    else people[Math.floor(Math.random() * people.length)] = person;
  };
  const act = async (name, person) => {
    if (name === 'register') return register();
    if (name === 'login' || person.tokens === null) return signIn(person);
    const { accessToken, refreshToken } = person.tokens;
    if (name === 'refresh') {
      const { data, code } = await send('refresh', { refreshToken });
      if (code === 'UNAUTHENTICATED') person.tokens = null;
      else keep(person, data?.refreshToken);
    } else if (name === 'logout') {
      const { code } = await send('logout', { refreshToken });
      if (code === undefined) person.tokens = null;
    } else {
      // An access token that is over is refreshed at another turn.
      await send(name, {}, accessToken);
    }
  };
  const one = async () => {
    const person = pick(people);
    if (person.isBusy) return;
    person.isBusy = true;
    try {
      await act(pickOperation(), person);
    } catch (error) {
      counts.failed += 1;
      process.stderr.write(`${error}\n`);
    } finally {
      person.isBusy = false;
    }
  };
  return {
    counts,
    register,
    one,
    takeLatencies: () => {
      const taken = latencies.sort((a, b) => a - b);
      latencies = [];
      return taken;
    },
  };
}

async function calibrate(traffic) {
  const before = traffic.counts.done;
  const endAt = performance.now() + CALIBRATE_SECONDS * 1000;
  const worker = async () => {
    while (performance.now() < endAt) await traffic.one();
  };
  await Promise.all(Array.from({ length: CALIBRATE_CONCURRENCY }, worker));
  return (traffic.counts.done - before) / CALIBRATE_SECONDS;
}

/** Begins so many operations a second, whether or not the ones before are answered. */
function beginLoad(traffic, perSecond) {
  const beganAt = performance.now();
  let begun = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - beganAt) / 1000) * perSecond;
    for (; begun < due; begun += 1) void traffic.one();
  }, 5);
  return () => clearInterval(timer);
}

async function measure({ gateway, traffic, client, atSeconds }) {
  const latencies = traffic.takeLatencies();
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  const memory = await gateway.probe();
  const { pid } = gateway.child;
  const { rows } = await client.query(`
    SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'gatehouse') AS connections,
      (SELECT count(*)::int FROM gatehouse.refresh_sessions) AS sessions,
      (SELECT count(*)::int FROM gatehouse.refresh_sessions WHERE absolute_expires_at < now()) AS over,
      pg_total_relation_size('gatehouse.refresh_sessions')::int AS bytes`);
  return {
    atSeconds: Math.round(atSeconds),
    answers: latencies.length,
    p50: at(0.5),
    p99: at(0.99),
    rss: memory.rss / 1e6,
    heap: memory.heapUsed / 1e6,
    handles: memory.handles,
    files: readdirSync(`/proc/${pid}/fd`).length,
    threads: Number(/Threads:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
    ...rows[0],
    megabytes: rows[0].bytes / 1e6,
  };
}

const mean = (list) => list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);

/** Whether a figure is flat: its last quarter against the second one, the first being for warming up. */
function compare(samples, name, tolerance) {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const early = mean(samples.slice(quarter, 2 * quarter).map((sample) => sample[name]));
  const late = mean(samples.slice(-quarter).map((sample) => sample[name]));
  return { name, early, late, isFlat: late <= early * (1 + tolerance.share) + tolerance.more };
}

const TOLERANCES = {
  rss: { share: 0.15, more: 5 },
  heap: { share: 0.1, more: 2 },
  handles: { share: 0.2, more: 5 },
  files: { share: 0.2, more: 5 },
  connections: { share: 0, more: 1 },
  p50: { share: 0.3, more: 2 },
  p99: { share: 0.5, more: 20 },
  over: { share: 0.5, more: 100 },
  megabytes: { share: 0.25, more: 1 },
};

const COLUMNS = [
  'atSeconds',
  'answers',
  'p50',
  'p99',
  'rss',
  'heap',
  'handles',
  'files',
  'threads',
  'connections',
  'sessions',
  'over',
  'megabytes',
];
const shown = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1));

function report({ capacity, perSecond, samples, comparisons, counts }) {
  const [cpu] = cpus();
  return `# Soak (D10)

${MINUTES} minutes at ${perSecond.toFixed(0)} operations a second, 60 % of the ${capacity.toFixed(0)} that the gateway, its database and the source
of the traffic bore together on this machine (${cpus().length} × ${cpu?.model.trim()}, Node ${process.version}). Of a hundred operations:
${Object.entries(MIX)
  .map(([name, share]) => `${share} \`${name}\``)
  .join(
    ', ',
  )}. Sessions last ${LIFETIMES.SESSION_ABSOLUTE_TTL_SECONDS} s at most, access tokens ${LIFETIMES.ACCESS_TOKEN_TTL_SECONDS} s; expired rows are deleted about every
${LIFETIMES.HOUSEKEEPING_SECONDS} s. Made by \`npm run soak\`.

${counts.done} answered well, ${counts.refused} refused for a token that was over, ${counts.notNow} told "not now", ${counts.failed} failed.

| figure | second quarter | last quarter | flat |
|---|---|---|---|
${comparisons.map(({ name, early, late, isFlat }) => `| ${name} | ${early.toFixed(1)} | ${late.toFixed(1)} | ${isFlat ? 'yes' : '**no**'} |`).join('\n')}

Milliseconds for p50 and p99, megabytes for rss, heap (after a collection) and megabytes (\`refresh_sessions\` with its
indexes); \`over\` counts rows of sessions that have expired and are not deleted yet.

| ${COLUMNS.join(' | ')} |
|${COLUMNS.map(() => '---').join('|')}|
${samples.map((sample) => `| ${COLUMNS.map((name) => shown(sample[name])).join(' | ')} |`).join('\n')}
`;
}

const server = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), random, log: createLogger('silent') });
const client = new pg.Client({ connectionString: server.url });
let gateway = null;
try {
  gateway = await startGateway(server.url);
  await client.connect();
  const traffic = createTraffic(gateway.url);
  for (let index = 0; index < PEOPLE; index += 1) await traffic.register();
  const capacity = await calibrate(traffic);
  const perSecond = capacity * LOAD;
  process.stdout.write(
    `${capacity.toFixed(0)} operations/s at most; ${perSecond.toFixed(0)}/s for ${MINUTES} minutes\n`,
  );
  traffic.takeLatencies();
  const endLoad = beginLoad(traffic, perSecond);
  const samples = [];
  const beganAt = performance.now();
  for (let index = 0; index < SAMPLES; index += 1) {
    await pause((MINUTES * 60_000) / SAMPLES);
    samples.push(await measure({ gateway, traffic, client, atSeconds: (performance.now() - beganAt) / 1000 }));
    process.stdout.write(`${COLUMNS.map((name) => `${name} ${shown(samples.at(-1)[name])}`).join(', ')}\n`);
  }
  endLoad();
  const comparisons = Object.entries(TOLERANCES).map(([name, tolerance]) => compare(samples, name, tolerance));
  const text = report({ capacity, perSecond, samples, comparisons, counts: traffic.counts });
  // A trial is no figure to keep.
  if (MINUTES >= FULL_MINUTES) await writeFile(new URL('./soak.md', import.meta.url), text);
  process.stdout.write(text);
  if (comparisons.some(({ isFlat }) => !isFlat) || traffic.counts.failed > 0) process.exitCode = 1;
} finally {
  gateway?.child.kill('SIGTERM');
  await client.end().catch(() => undefined);
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
