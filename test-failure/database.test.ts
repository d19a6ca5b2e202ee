import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { underLoad } from './support/crew.js';
import { type Site, startSite } from './support/site.js';

let site: Site;
beforeAll(async () => {
  // Fewer connections than people, so that a pool can be used up.
  site = await startSite({ DATABASE_POOL_MAX: '5' });
});
afterAll(() => site.close());

const ROUNDS = 200;

it('D1: the database is stopped under load and started again', () =>
  underLoad({ site }, async (crew) => {
    await site.server.stop();
    await pause(3_000);
    expect(crew.outages()).toBeGreaterThan(0);
    await site.server.start();
    await crew.goesOn();
    await crew.oneLogsOut();
  }));

it('D1: the database crashes under load, twice, with a logout in between', () =>
  underLoad({ site }, async (crew) => {
    await site.server.crash();
    await site.server.start();
    await crew.goesOn();
    await crew.oneLogsOut();
    await site.server.crash();
    await pause(500);
    await site.server.start();
  }));

it(`D4: its backends are terminated in the middle of rotations, ${ROUNDS} times`, () =>
  underLoad({ site }, async (crew) => {
    const operator = await site.server.connect();
    let inTheMiddle = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      // Every other time only those that are at work at this very moment.
      const { rows } = await operator.query(
        `SELECT query FROM pg_stat_activity, LATERAL (SELECT pg_terminate_backend(pid)) AS ended
         WHERE application_name = 'gatehouse' AND ($1 OR state <> 'idle')`,
        [round % 2 === 0],
      );
      inTheMiddle += rows.filter(({ query }) => String(query).includes('SET generation')).length;
      if (round === ROUNDS / 2) await crew.oneLogsOut();
      await pause(40 + (round % 7) * 20);
    }
    await operator.end();
    expect(inTheMiddle).toBeGreaterThan(0);
  }));

it('D5: a session is locked for 30 s: others go on as if nothing were', () =>
  underLoad({ site }, async (crew) => {
    const [locked, ...others] = crew.visitors;
    const operator = await site.server.connect();
    await operator.query('BEGIN');
    await operator.query('SELECT FROM gatehouse.refresh_sessions WHERE id = $1 FOR UPDATE', [
      locked?.person.session.id,
    ]);
    const outagesBefore = others.map((one) => one.outages());
    const before = others.map((one) => one.generation());
    const generation = locked?.generation() ?? 0;
    await pause(30_000);
    expect(others.map((one) => one.outages())).toEqual(outagesBefore);
    for (const [index, one] of others.entries()) expect(one.generation()).toBeGreaterThan((before[index] ?? 0) + 10);
    expect(locked?.outages()).toBeGreaterThan(0);
    expect(locked?.generation()).toBeLessThanOrEqual(generation + 1);
    await operator.query('ROLLBACK');
    await operator.end();
  }));

it('D3: every connection of the pools is taken', () =>
  underLoad({ site }, async (crew) => {
    const operator = await site.server.connect();
    await operator.query('BEGIN');
    await operator.query('LOCK TABLE gatehouse.refresh_sessions IN ACCESS EXCLUSIVE MODE');
    await pause(8_000);
    expect(crew.outages()).toBeGreaterThan(0);
    await operator.query('ROLLBACK');
    await operator.end();
    await crew.goesOn();
    await crew.oneLogsOut();
  }));
