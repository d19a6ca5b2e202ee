import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { waitUntil } from '../test/support/wait-until.js';
import { isReady, underLoad } from './support/crew.js';
import { type Site, startSite } from './support/site.js';

const INJECTION = 'process.on("SIGUSR2",()=>void Promise.reject(new Error("injected-fault")))';

let site: Site;
beforeAll(async () => {
  site = await startSite({
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(INJECTION)}`,
    SHUTDOWN_NOTICE_SECONDS: '2',
  });
});
afterAll(() => site.close());

it('D4: a gateway is killed in the middle of rotations, three times', () =>
  underLoad({ site }, async (crew) => {
    for (let round = 0; round < 3; round += 1) {
      await crew.goesOn();
      if (round === 1) await crew.oneLogsOut();
      const place = round % 2 === 0 ? 0 : 1;
      await pause(17 * round);
      await site.gateway(place).stop('SIGKILL');
      await site.replace(place);
    }
  }));

it('D6: SIGTERM under load: not ready first, then out in order, and the other process serves on', () =>
  underLoad({ site }, async (crew) => {
    await crew.oneLogsOut();
    const { child } = site.gateway(0);
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await waitUntil('it is not ready', async () => !(await isReady(site, 0)));
    expect((await site.gateway(0).send('{ __typename }')).status).toBe(200);
    await closed;
    expect(child.exitCode).toBe(0);
    await crew.goesOn();
    await site.replace(0);
  }));

it('D12: a rejection that nobody handled ends one process in order, under load, and nothing is lost', () =>
  underLoad({ site }, async (crew) => {
    const { child, output } = site.gateway(1);
    const closed = once(child, 'close');
    child.kill('SIGUSR2');
    await closed;
    expect(child.exitCode).toBe(1);
    expect(output.filter((line) => line.includes('injected-fault'))).toHaveLength(1);
    await crew.goesOn();
    await site.replace(1);
  }));
