import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GatewayProcess, startGatewayProcess } from '../../test/support/gateway-process.js';
import { type Network, startNetwork } from '../../test/support/network.js';
import { type BreakableServer, startBreakableServer } from './breakable-server.js';

/** Two gateway processes on one database, as people at work know them. */
export interface Premises {
  server: Pick<BreakableServer, 'query'>;
  /** The process at one of the two places, now. */
  gateway(place: Place): GatewayProcess;
}

/** Each of the two with its own way to a database that can be broken. */
export interface Site extends Premises {
  server: BreakableServer;
  networks: readonly [Network, Network];
  /** Starts a new process at a place whose process has ended. */
  replace(place: Place): Promise<void>;
  close(): Promise<void>;
}

export type Place = 0 | 1;

/** Starts all of it; `environment` adds to the settings of both processes. */
export async function startSite(
  environment: Record<string, string> = {},
  serverSettings: Record<string, string> = {},
): Promise<Site> {
  const server = await startBreakableServer(serverSettings);
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-site-'));
  const newSecret = () => randomBytes(32).toString('base64url');
  const shared = {
    REFRESH_TOKEN_SECRETS: newSecret(),
    KEY_ENCRYPTION_KEYS: newSecret(),
    PUBLIC_URL: 'http://localhost:4000',
    GATEHOUSE_DATA_DIR: join(folder, 'data'),
    BCRYPT_COST: '10',
    HASH_WORKERS: '1',
    LOG_LEVEL: 'warn',
    // One person here does in a minute what others do in a month.
    LIMIT_REFRESH_SESSION: '1000000/900',
    LIMIT_REFRESH_REFUSED_NETWORK: '1000000/900',
    LIMIT_REGISTER_NETWORK: '1000000/900',
    LIMIT_LOGIN_NETWORK: '1000000/900',
    ...environment,
  };
  const networks = [await startNetwork(server.url), await startNetwork(server.url)] as const;
  const begin = (place: Place) =>
    startGatewayProcess({ ...shared, DATABASE_URL: networks[place].url }, { cwd: folder });
  const gateways: [GatewayProcess, GatewayProcess] = [await begin(0), await begin(1)];
  return {
    server,
    networks,
    gateway: (place) => gateways[place],
    replace: async (place) => {
      gateways[place] = await begin(place);
    },
    close: async () => {
      await Promise.all(gateways.map((one) => one.stop()));
      await Promise.all(networks.map((one) => one.close()));
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
