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

it('D8: the network between one gateway and the database is cut, with a logout in between', () =>
  underLoad({ site }, async (crew) => {
    site.networks[0].cut();
    await waitUntil('it is not ready', async () => !(await isReady(site, 0)));
    // At the other process; those who are cut off must not let it in.
    const gone = await crew.oneLogsOut();
    const answer = await site.gateway(0).me(gone.accessToken());
    expect(answer.errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE');
    await crew.goesOn();
    site.networks[0].open();
  }));

it('what is sent to the database, and what it answers, is held up for 5 s, three times', () =>
  underLoad({ site }, async (crew) => {
    for (let round = 0; round < 3; round += 1) {
      await crew.goesOn();
      const network = site.networks[round % 2 === 0 ? 0 : 1];
      network.hold();
      await pause(5_000);
      if (round === 1) await crew.oneLogsOut();
      network.open();
    }
  }));

it('D8: a network swallows everything for 10 s, and then is another one', () =>
  underLoad({ site }, async (crew) => {
    site.networks[1].hold();
    await pause(10_000);
    expect(await isReady(site, 1)).toBe(false);
    const gone = await crew.oneLogsOut();
    const answer = await site.gateway(1).me(gone.accessToken());
    expect(answer.errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE');
    site.networks[1].cut();
    site.networks[1].open();
  }));
