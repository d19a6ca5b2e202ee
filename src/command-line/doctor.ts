import process from 'node:process';
import sql from 'sql-template-tag';
import { ConfigError, readConfig } from '../config.js';
import { createDataSource } from '../data-source.js';
import { explainFault } from '../explain-fault.js';
import { loadSecrets } from '../generated-secrets.js';
import { withMigrations } from '../open-database.js';
import { systemClock } from '../platform/clock.js';
import { createDatabase, type Database } from '../platform/database/database.js';
import { migrationStatus } from '../platform/database/migrate.js';
import { systemRandom } from '../platform/random.js';
import { SigningKeysUnreadable } from '../session/signing-key/signing-keys-unreadable.js';
import type { Command, Outcome } from './command.js';
import { type Opened, withDatabase } from './with-database.js';
import { withSigningKeys } from './with-signing-keys.js';

interface Finding {
  what: string;
  state: 'ok' | 'warning' | 'fault';
  detail: string;
}

const POSTGRESQL_MIN = 150_000;
const CLOCK_WARNING_SECONDS = 1;
const CLOCK_FAULT_SECONDS = 5;

/** Looks at all that a start needs and an operator forgets. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'Looks at the settings, secrets, database, tables, keys and clock; ends with 1 where a start would fail.',
  detail: 'Changes nothing but what a start makes in the data folder.',
  run: async () => {
    const settings = checkSettings();
    if (settings.state === 'fault') return outcomeOf([nodeVersion(), settings]);
    try {
      return outcomeOf([nodeVersion(), settings, ...(await withDatabase(examine))]);
    } catch (error) {
      return outcomeOf([nodeVersion(), settings, { what: 'database', state: 'fault', detail: explainFault(error) }]);
    }
  },
};

function nodeVersion(): Finding {
  return { what: 'node', state: 'ok', detail: process.version };
}

function checkSettings(): Finding {
  try {
    const config = readConfig();
    const isGuessed = config.isProduction && config.isIssuerGuessed;
    return isGuessed
      ? { what: 'settings', state: 'warning', detail: 'PUBLIC_URL is not set: access tokens name localhost as issuer' }
      : { what: 'settings', state: 'ok', detail: config.isProduction ? 'production rules' : 'development rules' };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { what: 'settings', state: 'fault', detail: error.faults.join('; ') };
  }
}

async function examine(open: Opened): Promise<Finding[]> {
  const { config, database: opened } = open;
  const schema = config.databaseSchema;
  const isPooled = opened.url !== opened.directUrl;
  const dataSource = createDataSource({ url: opened.url, schema, poolMax: 1, isPooled, hasTimeouts: true });
  await dataSource.initialize();
  try {
    const database = createDatabase({ dataSource, schema, isPooled });
    return [
      await checkSecrets(open),
      ...(await checkServer(database)),
      await checkTables(open),
      ...(await checkSigningKeys(open)),
      await checkClock(database),
    ];
  } finally {
    await dataSource.destroy();
  }
}

async function checkSecrets({ config }: Opened): Promise<Finding> {
  try {
    await loadSecrets({ config, random: systemRandom(systemClock) });
    return { what: 'secrets', state: 'ok', detail: 'all that is needed is there' };
  } catch (error) {
    return { what: 'secrets', state: 'fault', detail: explainFault(error) };
  }
}

/** Nothing, where secrets or tables are not there to look with. */
async function checkSigningKeys(open: Opened): Promise<Finding[]> {
  const what = 'keys';
  const unreadable = await withSigningKeys(open, ({ unreadable: find }) => find()).catch(() => null);
  if (unreadable === null) return [];
  return unreadable.length === 0
    ? [{ what, state: 'ok', detail: 'all signing keys in use can be opened' }]
    : [{ what, state: 'fault', detail: new SigningKeysUnreadable(unreadable).message.replaceAll('\n', ' ') }];
}

async function checkServer(database: Database): Promise<Finding[]> {
  const [row] = await database.query<{ number: number; version: string; timeout: string }>(sql`
    SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS version,
      current_setting('statement_timeout') AS timeout`);
  if (row === undefined) return [];
  const isOld = row.number < POSTGRESQL_MIN;
  return [
    {
      what: 'database',
      state: isOld ? 'fault' : 'ok',
      detail: `PostgreSQL ${row.version}${isOld ? ', 15 is needed' : ''}`,
    },
    row.timeout === '0'
      ? { what: 'timeouts', state: 'warning', detail: 'no statement_timeout: set one on the role by ALTER ROLE' }
      : { what: 'timeouts', state: 'ok', detail: `statement_timeout ${row.timeout}` },
  ];
}

async function checkTables({ config, database }: Opened): Promise<Finding> {
  const { pending } = await withMigrations({ config, database }, migrationStatus);
  return pending.length === 0
    ? { what: 'tables', state: 'ok', detail: 'up to date' }
    : { what: 'tables', state: 'warning', detail: `a start, or migrate run, will run ${pending.join(', ')}` };
}

async function checkClock(database: Database): Promise<Finding> {
  const [row] = await database.query<{ now: Date }>(sql`SELECT clock_timestamp() AS now`);
  const seconds = row === undefined ? 0 : Math.abs(systemClock.now().getTime() - row.now.getTime()) / 1000;
  const detail = `differs from the database's by ${seconds.toFixed(1)} s`;
  if (seconds > CLOCK_FAULT_SECONDS) return { what: 'clock', state: 'fault', detail };
  return { what: 'clock', state: seconds > CLOCK_WARNING_SECONDS ? 'warning' : 'ok', detail };
}

function outcomeOf(findings: Finding[]): Outcome {
  const lines = findings.map(({ what, state, detail }) => `${state.padEnd(8)} ${what.padEnd(9)} ${detail}`);
  return { text: lines.join('\n'), json: { findings }, isGood: findings.every(({ state }) => state !== 'fault') };
}
