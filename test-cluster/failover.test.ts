import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type GatewayProcess, startGatewayProcess } from '../test/support/gateway-process.js';
import { type Crew, underLoad } from '../test-failure/support/crew.js';
import type { Premises } from '../test-failure/support/site.js';
import { type Cluster, startCluster } from './cluster.js';

let cluster: Cluster;
let site: Premises;
let folder: string;
let gateways: GatewayProcess[] = [];
let settings: Record<string, string>;
const begin = async (databaseUrl: string) => {
  const started = await startGatewayProcess({ ...settings, DATABASE_URL: databaseUrl }, { cwd: folder });
  gateways.push(started);
  return started;
};

beforeAll(async () => {
  cluster = await startCluster();
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-cluster-site-'));
  settings = {
    REFRESH_TOKEN_SECRETS: randomBytes(32).toString('base64url'),
    KEY_ENCRYPTION_KEYS: randomBytes(32).toString('base64url'),
    PUBLIC_URL: 'http://localhost:4000',
    GATEHOUSE_DATA_DIR: join(folder, 'data'),
    BCRYPT_COST: '10',
    HASH_WORKERS: '1',
    LOG_LEVEL: 'warn',
    LIMIT_REFRESH_SESSION: '1000000/900',
    LIMIT_REFRESH_REFUSED_NETWORK: '1000000/900',
    LIMIT_REGISTER_NETWORK: '1000000/900',
  };
  const both = [await begin(cluster.url), await begin(cluster.url)] as const;
  site = { gateway: (place) => both[place], server: cluster };
});
afterAll(async () => {
  await Promise.all(gateways.map((one) => one.stop('SIGKILL')));
  gateways = [];
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => cluster.whole());

async function primaryNow(): Promise<number> {
  const primary = await cluster.primary();
  if (primary === null) throw new Error('no primary, or two');
  return primary;
}

async function anotherPrimary(former: number): Promise<void> {
  for (let now: number | null = former; now === null || now === former; now = await cluster.primary()) await pause(500);
}

/** Waits until people go on, and says how long that took. */
async function outage(what: string, crew: Crew): Promise<void> {
  const beganAt = performance.now();
  await crew.goesOn();
  process.stdout.write(`${what}: everybody goes on after ${((performance.now() - beganAt) / 1000).toFixed(1)} s\n`);
}

it('D4: the primary is killed under load: nothing acknowledged is lost, and what was ended stays ended', () =>
  underLoad({ site }, async (crew) => {
    const primary = await primaryNow();
    await crew.oneLogsOut();
    await cluster.kill(primary);
    await outage('primary killed', crew);
    expect(await primaryNow()).not.toBe(primary);
    await crew.oneLogsOut();
    await cluster.revive(primary);
    await cluster.whole();
  }));

it('D4: the primary is stalled under load, replaced, and thawed: it takes nothing back', () =>
  underLoad({ site }, async (crew) => {
    const primary = await primaryNow();
    const thaw = await cluster.stall(primary, 'node');
    try {
      await outage('primary stalled', crew);
      await crew.oneLogsOut();
    } finally {
      thaw();
    }
    await crew.goesOn(20);
    await cluster.whole();
    expect(await primaryNow()).not.toBe(primary);
  }));

it('a process that is left with a primary that was cut off and replaced vouches for nobody', () =>
  underLoad({ site }, async (crew) => {
    const primary = await primaryNow();
    // Past HAProxy: nobody cuts its connections.
    const left = await begin(cluster.urlOf(primary));
    const thaw = await cluster.stall(primary, 'keeper');
    try {
      await anotherPrimary(primary);
      await outage('keeper of the primary stalled, another one promoted', crew);
      const gone = await crew.oneLogsOut();
      await pause(2_000);
      for (let round = 0; round < 10; round += 1) {
        const { data, errors } = await left.me(gone.accessToken());
        expect(data?.me ?? null).toBeNull();
        expect(['SERVICE_UNAVAILABLE', 'UNAUTHENTICATED']).toContain(errors?.[0]?.extensions.code);
        await pause(300);
      }
    } finally {
      thaw();
    }
    await left.stop('SIGKILL');
    await cluster.whole();
  }));
