import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { waitUntil } from '../test/support/wait-until.js';
import { isReady, underLoad } from './support/crew.js';
import { type Site, startSite } from './support/site.js';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.close());

/** Commits wait for a standby of this name, which never comes; null: for none. */
async function awaitStandby(name: string | null): Promise<void> {
  const setting = 'synchronous_standby_names';
  await site.server.query(name === null ? `ALTER SYSTEM RESET ${setting}` : `ALTER SYSTEM SET ${setting} = '${name}'`);
  await site.server.query('SELECT pg_reload_conf()');
}

it('a primary that is cut off from its standbys vouches for nobody: another may have ended the session', () =>
  underLoad({ site }, async (crew) => {
    const [ada] = crew.visitors;
    await ada?.stop();
    await awaitStandby('nobody');
    await waitUntil('both are behind', async () => !(await isReady(site, 0)) && !(await isReady(site, 1)));
    for (const place of [0, 1] as const) {
      const { data, errors } = await site.gateway(place).me(ada?.accessToken());
      expect(data?.me ?? null).toBeNull();
      expect(errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE');
    }
    await pause(15_000);
    // Commits that wait hold a server process each, whoever still listens: looks must not pile up.
    const [waiting] = await site.server.query<{ looks: number }>(
      "SELECT count(*)::int AS looks FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%auth_changes%'",
    );
    expect(waiting?.looks).toBeLessThanOrEqual(4);
    await awaitStandby(null);
    ada?.work();
  }));
