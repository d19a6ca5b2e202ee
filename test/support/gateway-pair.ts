import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKeys } from '../../src/session/access-token/signing-keys.js';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.js';
import { createDatabaseOfOwn, type TestDatabase } from './test-database.js';

/** A database and a folder of secrets for several gateway processes of one deployment. */
export interface Deployment {
  database: TestDatabase;
  /** Starts one more process; `environment` adds to the deployment's own. */
  start(environment?: Record<string, string>): Promise<GatewayProcess>;
  /** Stops every process that was started, and removes the rest. */
  close(): Promise<void>;
}

/** A secret as an operator would set it. */
export function newRefreshTokenSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** A deployment without a process yet. */
export async function createDeployment(): Promise<Deployment> {
  const database = await createDatabaseOfOwn();
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-deployment-'));
  const signingKeysFile = join(folder, 'signing-keys.json');
  await writeFile(signingKeysFile, generateSigningKeys(), { mode: 0o600 });
  const shared = {
    DATABASE_URL: database.pooledUrl,
    ...(database.pooledUrl === database.url ? {} : { DATABASE_DIRECT_URL: database.url }),
    REFRESH_TOKEN_SECRETS: newRefreshTokenSecret(),
    SIGNING_KEYS_FILE: signingKeysFile,
    PUBLIC_URL: 'http://localhost:4000',
    GATEHOUSE_DATA_DIR: join(folder, 'data'),
    BCRYPT_COST: '10',
    HASH_WORKERS: '1',
    LOG_LEVEL: 'warn',
  };
  const processes: GatewayProcess[] = [];
  return {
    database,
    start: async (environment = {}) => {
      const started = await startGatewayProcess({ ...shared, ...environment }, { cwd: folder });
      processes.push(started);
      return started;
    },
    close: async () => {
      await Promise.all(processes.map((one) => one.stop()));
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
