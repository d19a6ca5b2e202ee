import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { underLoad } from './support/crew.js';
import { type Site, startSite } from './support/site.js';

/** From one SIGUSR2 to the next, the process takes it to be an hour earlier. */
const INJECTION = `
  const Real = Date;
  let offset = 0;
  globalThis.Date = class extends Real {
    constructor(...parts) { parts.length === 0 ? super(Real.now() + offset) : super(...parts); }
    static now() { return Real.now() + offset; }
  };
  process.on('SIGUSR2', () => { offset = offset === 0 ? -3_600_000 : 0; });`;

let site: Site;
beforeAll(async () => {
  site = await startSite({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(INJECTION)}` });
});
afterAll(() => site.close());

it('J11: the clocks of both processes are set back by an hour under load, and put right again: no session ends for it', async () => {
  await underLoad({ site }, async (crew) => {
    for (const visitor of crew.visitors) visitor.expectsInvalidTokens();
    const turnClocks = () => {
      for (const place of [0, 1] as const) site.gateway(place).child.kill('SIGUSR2');
    };
    turnClocks();
    await pause(3_000);
    await crew.goesOn(10);
    await crew.oneLogsOut();
    await crew.goesOn();
    turnClocks();
  });
  const [ends] = await site.server.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM gatehouse.refresh_sessions WHERE end_cause <> 'LOGOUT'",
  );
  expect(ends?.count).toBe(0);
});
