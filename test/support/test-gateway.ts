import process from 'node:process';
import { type Config, loadConfig } from '../../src/config.js';
import { type ServingGateway as Gateway, startGateway } from '../../src/gateway.js';
import { createLogger } from '../../src/platform/logger.js';
import { systemRandom } from '../../src/platform/random.js';
import { generateSigningKeys, parseSigningKeys } from '../../src/session/access-token/signing-keys.js';
import { createFakeClock, type FakeClock } from './fake-clock.js';
import { generousLimits } from './generous-limits.js';
import { createGraphqlClient, type GraphqlClient } from './graphql-client.js';
import { createDatabaseOfOwn, type TestDatabase } from './test-database.js';

type GatewayParts = Parameters<typeof startGateway>[0];

/** A gateway in this process, on a database of its own, its clock standing still. */
export interface TestGateway extends GraphqlClient {
  gateway: Gateway;
  url: string;
  clock: FakeClock;
  database: TestDatabase;
  /** What it was started with, for a second one beside it. */
  parts: GatewayParts;
  /** Every line that it logged. */
  logLines: string[];
  /** A second gateway with the same parts but `changes`, on the same database; its owner closes it. */
  startSibling(changes?: Partial<GatewayParts>): Promise<{ gateway: Gateway; logLines: string[] } & GraphqlClient>;
  close(): Promise<void>;
}

/** Weak on purpose: tests hash often, and the strength of a hash is not their matter. */
const TEST_BCRYPT_COST = 4;

/** The setting HOT_LANE of every gateway, in a run that compares the lanes. */
const HOT_LANE_VARIABLE = 'GATEHOUSE_TEST_HOT_LANE';

/** Settings as an empty environment gives them, but with a free port, cheap hashes, and limits that nobody meets. */
export function testConfig(environment: Record<string, string> = {}): Config {
  // Production insists on a word about mail; tests that want some bring a mailer.
  const mail = environment['NODE_ENV'] === 'production' ? { SMTP_URL: 'none' } : {};
  const hotLane = process.env[HOT_LANE_VARIABLE];
  const lane = hotLane === undefined ? {} : { HOT_LANE: hotLane };
  const cheap = { PORT: '0', HASH_WORKERS: '1', LOG_LEVEL: 'debug' };
  const settings = { ...cheap, ...generousLimits, ...lane, ...mail, ...environment };
  const config = loadConfig(settings, { cores: 2 });
  return { ...config, bcryptCost: environment['BCRYPT_COST'] === undefined ? TEST_BCRYPT_COST : config.bcryptCost };
}

/** Starts a gateway with these settings; `changes` replace other parts. */
export async function startTestGateway(
  environment: Record<string, string> = {},
  changes: Partial<GatewayParts> = {},
): Promise<TestGateway> {
  const database = await createDatabaseOfOwn();
  const clock = createFakeClock();
  const random = systemRandom(clock);
  const { log, lines: logLines } = recordingLog();
  const parts: GatewayParts = {
    config: testConfig(environment),
    databaseUrl: database.pooledUrl,
    databaseDirectUrl: database.url,
    refreshTokenSecrets: [random.bytes(32)],
    signingKeys: parseSigningKeys(generateSigningKeys()),
    keyEncryptionKeys: [random.bytes(32)],
    clock,
    random,
    log,
    ...changes,
  };
  const gateway = await startGateway(parts);
  return {
    ...createGraphqlClient(gateway.url),
    gateway,
    url: gateway.url,
    clock,
    database,
    parts,
    logLines,
    startSibling: async (siblingChanges = {}) => {
      const recording = recordingLog();
      const sibling = await startGateway({ ...parts, log: recording.log, ...siblingChanges });
      return { ...createGraphqlClient(sibling.url), gateway: sibling, logLines: recording.lines };
    },
    close: async () => {
      await gateway.close();
      await database.drop();
    },
  };
}

function recordingLog() {
  const lines: string[] = [];
  const log = createLogger('debug', { write: (line: string) => void lines.push(line) });
  return { log, lines };
}
