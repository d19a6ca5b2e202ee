// What every part stands on: a PostgreSQL, secrets, people, and servers that are started when a part wants them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import pg from 'pg';
import { systemClock } from '../dist/src/platform/clock.js';
import { startEmbeddedPostgres } from '../dist/src/platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger } from '../dist/src/platform/logger.js';
import { systemRandom } from '../dist/src/platform/random.js';
import { generateSigningKeys } from '../dist/src/session/access-token/signing-keys.js';
import { createPeople } from './people.mjs';
import { startServer } from './processes.mjs';

export const ISSUER = 'http://localhost:4000';
export const BCRYPT_COST = 10;
export const HASH_WORKERS = Math.max(1, availableParallelism() - 1);

/** Rate limits stay on, far above what the load asks for: all of it comes from one address. */
const GENEROUS = '1000000/900';
const LIMITS = [
  'LOGIN_NETWORK',
  'LOGIN_ACCOUNT_NETWORK',
  'LOGIN_ACCOUNT_UNKNOWN_DEVICES',
  'LOGIN_DEVICE',
  'REGISTER_NETWORK',
  'REFRESH_SESSION',
  'REFRESH_REFUSED_NETWORK',
  'CODE_ACCOUNT',
  'MAIL_NETWORK',
  'MAIL_ADDRESS',
];

/** Opens the stage; `close` ends every server that is left, and removes all that was made. */
export async function openStage(options) {
  const random = systemRandom(systemClock);
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), random, log: createLogger('silent') });
  const signingKeys = generateSigningKeys();
  const secret = random.bytes(32).toString('base64url');
  const signingKeysFile = join(folder, 'keys.json');
  await writeFile(signingKeysFile, signingKeys, { mode: 0o600 });
  const running = new Set();
  const databases = [];

  const started = async (needs) => {
    const one = await startServer(needs);
    const stop = async () => {
      running.delete(stop);
      await one.stop();
    };
    running.add(stop);
    return { ...one, stop };
  };

  const gatewayEnv = (database, env = {}) => ({
    DATABASE_URL: database.url,
    PORT: '0',
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
    SMTP_URL: 'none',
    PUBLIC_URL: ISSUER,
    GATEHOUSE_DATA_DIR: join(folder, 'gateway'),
    BCRYPT_COST: String(BCRYPT_COST),
    HASH_WORKERS: String(HASH_WORKERS),
    SESSIONS_PER_USER_MAX: '10000',
    REFRESH_TOKEN_SECRETS: secret,
    SIGNING_KEYS_FILE: signingKeysFile,
    ...Object.fromEntries(LIMITS.map((name) => [`LIMIT_${name}`, GENEROUS])),
    ...env,
  });
  const gateway = (database, { env, ...rest } = {}) =>
    started({ file: '../dist/src/main.js', env: gatewayEnv(database, env), ...rest });

  /** A database of its own, with the gateway's tables. */
  const newDatabase = async () => {
    const name = `bench_${databases.length}`;
    await withClient(server.url, (client) => client.query(`CREATE DATABASE ${name}`));
    const url = new URL(server.url);
    url.pathname = name;
    const database = { url: url.href };
    databases.push(database);
    // A start migrates.
    const migrating = await gateway(database);
    await migrating.stop();
    const people = await createPeople({
      database,
      secret,
      signingKeys,
      issuer: ISSUER,
      random,
      bcryptCost: BCRYPT_COST,
    });
    return {
      ...database,
      people,
      query: (text, values) => withClient(url.href, (client) => client.query(text, values)),
    };
  };

  let shared = null;
  return {
    options,
    /** The database that most parts share, with ten thousand sessions. */
    database: () => {
      shared ??= newDatabase().then(async (database) => {
        await database.people.fill(10_000);
        return database;
      });
      return shared;
    },
    newDatabase,
    gateway,
    floor: (database, rest = {}) =>
      started({
        file: './servers/floor.mjs',
        env: {
          DATABASE_URL: database.url,
          SECRET: secret,
          SIGNING_KEYS: signingKeys,
          ISSUER,
          HASH_WORKERS: String(HASH_WORKERS),
          BCRYPT_COST: String(BCRYPT_COST),
        },
        ...rest,
      }),
    betterAuth: (database, rest = {}) =>
      started({ file: './servers/better-auth.mjs', env: { DATABASE_URL: database.url, SECRET: secret }, ...rest }),
    stopServers: () => Promise.all([...running].map((stop) => stop())),
    close: async () => {
      await Promise.all([...running].map((stop) => stop()));
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function withClient(connectionString, work) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

process.on('unhandledRejection', (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
