import 'reflect-metadata';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGIN, LOGOUT, type Person, REFRESH } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

const CANARY = 'canary';

let gate: TestGateway;
let url: string;
let ada: Person;
beforeAll(async () => {
  gate = await startTestGateway({ METRICS_PORT: '0', HASH_QUEUE_MAX: '40' });
  url = metricsUrl(gate.logLines) ?? '';
  ada = await gate.registerSomebody({ email: `${CANARY}-ada@example.org` });
});
afterAll(() => gate.close());

function metricsUrl(lines: readonly string[]): string | undefined {
  return lines.map((line) => JSON.parse(line) as { event: string; url?: string }).find(isServed)?.url;
}

const isServed = ({ event }: { event: string }) => event === 'metrics_served';

async function scrape(): Promise<string> {
  return (await fetch(url)).text();
}

/** The value of one series; 0 where it has not begun. */
async function read(series: string): Promise<number> {
  const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}

/** By how much each of these series grows while something is done. */
async function growth(series: readonly string[], work: () => Promise<unknown>): Promise<number[]> {
  const before = await Promise.all(series.map(read));
  await work();
  const after = await Promise.all(series.map(read));
  return after.map((value, index) => value - (before[index] ?? 0));
}

const operations = (type: string, field: string, code: string) =>
  `gatehouse_operations_total{type="${type}",field="${field}",code="${code}"}`;
const refreshes = (verdict: string) => `gatehouse_refreshes_total{verdict="${verdict}"}`;
const logins = (result: string) => `gatehouse_logins_total{result="${result}"}`;
const ended = (cause: string) => `gatehouse_sessions_ended_total{cause="${cause}"}`;

describe('metrics count', () => {
  it('operations by root field and code, whatever a client calls them', async () => {
    const series = [
      operations('query', 'me', 'OK'),
      operations('query', 'me', 'UNAUTHENTICATED'),
      operations('none', 'none', 'GRAPHQL_VALIDATION_FAILED'),
      operations('none', 'none', 'GRAPHQL_PARSE_FAILED'),
      operations('query', 'several', 'OK'),
      'gatehouse_operation_seconds_count{type="query",field="me"}',
      'gatehouse_http_responses_total{status="200"}',
    ];
    const grown = await growth(series, async () => {
      await gate.send('query Canary { canary: me { id } }');
      await gate.me('canary.canary.canary');
      await gate.send('{ canary }');
      await gate.send('{ canary');
      await gate.send('{ a: me { id } b: me { id } }');
    });
    expect(grown).toEqual([1, 1, 1, 1, 1, 2, 3]);
    expect(await scrape()).not.toMatch(/canary/i);
  });

  it('logins by result', async () => {
    const { email, password } = ada;
    const send = (input: object) => gate.send(LOGIN, { input });
    const grown = await growth([logins('succeeded'), logins('invalid_credentials'), logins('malformed')], async () => {
      await send({ email, password });
      await send({ email, password: 'another long passphrase' });
      await send({ email: 'canary', password });
    });
    expect(grown).toEqual([1, 1, 1]);
  });

  it('refreshes by verdict, from nought', async () => {
    const verdicts = ['rotated', 'grace', 'lost_answer', 'database_went_back', 'reuse', 'lost_answer_too_late'];
    const text = await scrape();
    for (const verdict of verdicts) expect(text).toContain(`${refreshes(verdict)} `);
    const grown = await growth([...verdicts, 'malformed', 'session_revoked'].map(refreshes), async () => {
      const person = await gate.login(ada);
      await gate.refresh(person.refreshToken);
      await gate.refresh(person.refreshToken);
      gate.clock.advance(60);
      const { tokens } = await gate.refresh(person.refreshToken);
      await gate.refresh(tokens?.refreshToken ?? '');
      await gate.refresh(person.refreshToken);
      await gate.refresh(person.refreshToken);
      await gate.refresh('ghr_canary');
      const late = await gate.login(ada);
      await gate.refresh(late.refreshToken);
      gate.clock.advance(2 * 86_400);
      await gate.refresh(late.refreshToken);
      const back = await gate.login(ada);
      const next = await gate.refresh(back.refreshToken);
      await gate.database.query('UPDATE gatehouse.refresh_sessions SET generation = 0 WHERE id = $1', [
        back.session.id,
      ]);
      await gate.refresh(next.tokens?.refreshToken ?? '');
    });
    expect(grown).toEqual([4, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('ends of sessions by cause, each once', async () => {
    const grown = await growth([ended('LOGOUT'), ended('LOGOUT_EVERYWHERE')], async () => {
      const [one, two] = [await gate.login(ada), await gate.login(ada)];
      await gate.send(LOGOUT, { refreshToken: one.refreshToken });
      await gate.send(LOGOUT, { refreshToken: one.refreshToken });
      await gate.send('mutation { logoutEverywhere }', {}, { accessToken: two.accessToken });
    });
    expect(grown[0]).toBe(1);
    expect(grown[1]).toBeGreaterThanOrEqual(1);
  });

  it('hashings, and how long they waited', async () => {
    expect(await growth(['gatehouse_hashing_wait_seconds_count'], () => gate.login(ada))).toEqual([1]);
  });
});

describe('metrics count mails', () => {
  it('by kind and result', async () => {
    const sent = 'gatehouse_mails_total{kind="RESET_PASSWORD",result="sent"}';
    await gate.send('mutation ($email: String!) { requestPasswordReset(email: $email) }', { email: ada.email });
    await waitUntil('it is sent', async () => (await read(sent)) === 1);
  });
});

describe('metrics show', () => {
  it('whether it is ready, its pool, its queue, how far it is behind, and its clock', async () => {
    expect(await read('gatehouse_ready')).toBe(1);
    expect(await read('gatehouse_hashing_waiting')).toBe(0);
    expect(await read('gatehouse_hashing_waiting_max')).toBe(40);
    expect(await read('gatehouse_database_connections_max')).toBe(10);
    expect(await read('gatehouse_database_connections')).toBeGreaterThan(0);
    expect(await read('gatehouse_database_waiting')).toBe(0);
    expect(await read('gatehouse_feed_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect(Math.abs(await read('gatehouse_clock_difference_seconds'))).toBeGreaterThan(0);
    expect(await read('gatehouse_signing_keys_unreadable')).toBe(0);
    expect(await read('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(await scrape()).toContain('nodejs_eventloop_lag_p99_seconds ');
  });

  it('the age of the key that signs, where it is in the database', async () => {
    const sibling = await gate.startSibling({ signingKeys: null });
    const before = url;
    url = metricsUrl(sibling.logLines) ?? '';
    gate.clock.advance(3_600);
    expect(await read('gatehouse_signing_key_age_seconds')).toBeCloseTo(3_600, 0);
    url = before;
    await sibling.gateway.close();
    expect(await read('gatehouse_signing_key_age_seconds')).toBeNaN();
  });
});

describe('L6: metrics', () => {
  it('hold no secret, no address and nobody’s name, and are on no public port', async () => {
    const person = await gate.login(ada);
    await gate.send(REFRESH, { refreshToken: person.refreshToken });
    const text = await scrape();
    for (const secret of [
      person.accessToken,
      person.refreshToken,
      ada.password,
      ada.email,
      CANARY,
      ada.user.id,
      person.session.id,
      '127.0.0.1',
      gate.database.url,
    ]) {
      expect(text).not.toContain(secret);
    }
    expect((await fetch(`${gate.url}/metrics`)).status).toBe(404);
  });

  it('listen on loopback alone, answer nothing but GET /metrics, and are not kept unless asked for', async () => {
    const { hostname, port, origin } = new URL(url);
    expect(hostname).toBe('127.0.0.1');
    for (const { address } of Object.values(networkInterfaces())
      .flat()
      .filter((each) => each?.internal === false && each.family === 'IPv4') as { address: string }[]) {
      const reached = await new Promise((resolve) => {
        request({ host: address, port, path: '/metrics' }, () => resolve(true))
          .on('error', () => resolve(false))
          .end();
      });
      expect([address, reached]).toEqual([address, false]);
    }
    const statuses = await Promise.all([
      fetch(`${origin}/`),
      fetch(`${origin}/metrics?x=1`),
      fetch(url, { method: 'POST', body: 'x' }),
      fetch(url),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 404, 200]);
    const without = await startTestGateway();
    expect(metricsUrl(without.logLines)).toBeUndefined();
    await without.close();
  });
});
