import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LOGIN } from '../../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

let gate: TestGateway;
let networks = 0;
let from: { headers: Record<string, string> };
beforeAll(async () => {
  gate = await startTestGateway({ TRUSTED_PROXIES: 'loopback', LIMIT_LOGIN_NETWORK: '4/900' });
});
afterAll(() => gate.close());
beforeEach(() => {
  networks += 1;
  from = { headers: { 'x-forwarded-for': `192.0.2.${networks}` } };
});

async function outcomes(count: number): Promise<string[]> {
  const input = { email: `${randomUUID()}@example.org`, password: 'wrong' };
  const answers = await Promise.all(Array.from({ length: count }, () => gate.send(LOGIN, { input }, from)));
  return answers.map(({ data, errors }) => data?.login?.__typename ?? errors?.[0]?.extensions.code).sort();
}

const rename = (to: string, now: string) => gate.database.query(`ALTER TABLE gatehouse.${now} RENAME TO ${to}`);

describe('B8: with the counters away', () => {
  it('counts in the process, not at all less, and says so once', async () => {
    const ada = await gate.registerSomebody(from);
    await rename('limit_counters_away', 'limit_counters');
    const lines = gate.logLines.length;
    try {
      const hashings = gate.gateway.hashings();
      const four = Array(4).fill('InvalidCredentials');
      expect(await outcomes(10)).toEqual([...four, ...Array(6).fill('RATE_LIMITED')]);
      expect(gate.gateway.hashings() - hashings).toBe(4);
      // A success is given back there, too: elsewhere all four are left after it.
      networks += 1;
      from = { headers: { 'x-forwarded-for': `192.0.2.${networks}` } };
      await gate.login(ada, from);
      expect(await outcomes(10)).toEqual([...four, ...Array(6).fill('RATE_LIMITED')]);
    } finally {
      await rename('limit_counters', 'limit_counters_away');
    }
    const said = gate.logLines.slice(lines).filter((line) => line.includes('limit_store_away'));
    expect(said.length).toBeGreaterThanOrEqual(1);
    expect(said.join()).toContain('does not exist');
  });

  it('counts in the store again once that is back', async () => {
    const rows = () => gate.database.query('SELECT FROM gatehouse.limit_counters');
    const before = (await rows()).length;
    // Two seconds after a failure it is asked again.
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await outcomes(1);
    expect((await rows()).length).toBe(before + 3);
  });
});
