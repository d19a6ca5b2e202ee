import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/logger.js';
import { ProbeResolver } from '../graphql/probe.resolver.js';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.js';
import { LOGIN, LOGOUT, REFRESH, REGISTER, SESSIONS } from '../support/graphql-client.js';
import { openPage } from '../support/page.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** What no log line and no table may ever hold. */
const canaries = {
  password: `canary password ${randomUUID()}`,
  wrongPassword: `canary guess ${randomUUID()}`,
  refreshToken: `ghr_canary${randomUUID()}`,
  accessToken: `canary.${randomUUID()}.token`,
  email: `canary-${randomUUID()}@example.org`,
};

const lines: string[] = [];
let gate: TestGateway;
let proxy: DatabaseProxy;
let cut: Awaited<ReturnType<TestGateway['startSibling']>>;
beforeAll(async () => {
  const log = createLogger('trace', { write: (line: string) => void lines.push(line) });
  gate = await startTestGateway({ LOG_LEVEL: 'trace' }, { log, resolvers: [ProbeResolver] });
  proxy = await startDatabaseProxy(gate.database.url);
  cut = await gate.startSibling({ log, databaseUrl: proxy.url, databaseDirectUrl: proxy.url });
});
afterAll(async () => {
  await cut.gateway.close();
  await proxy.close();
  await gate.close();
});

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const tables = await gate.database.query<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'gatehouse'",
  );
  expect(tables.length).toBeGreaterThan(4);
  const rows = await Promise.all(
    tables.map(({ name }) => gate.database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`)),
  );
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n');
}

/** How a secret may have got somewhere: as it is, in base64, in hex, percent-encoded. */
function disguises(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const parts = secret.split('.').at(-1) ?? secret;
  return [secret, bytes.toString('base64').slice(0, -4), bytes.toString('hex'), encodeURIComponent(secret), parts];
}

describe('L1: a secret', () => {
  it('is in no log line and in no table, whichever way it came', async () => {
    const { password, wrongPassword, email } = canaries;
    const secrets: string[] = [password, wrongPassword, canaries.refreshToken, canaries.accessToken];
    const keep = <T extends { accessToken: string; refreshToken: string }>(tokens: T): T => {
      secrets.push(tokens.accessToken, tokens.refreshToken);
      return tokens;
    };

    const ada = keep(await gate.registerSomebody({ email, password }));
    const bearing = { accessToken: ada.accessToken };
    // Each kind of refusal.
    await gate.send(REGISTER, { input: { email, password: wrongPassword } });
    await gate.send(REGISTER, { input: { email: 'x@example.org', password: `canary password ${'a'.repeat(300)}` } });
    await gate.send(REGISTER, { input: { email: wrongPassword, password } });
    await gate.send(REGISTER, { input: { email: 'x@example.org', password: `${wrongPassword}\u0000` } });
    await gate.send(LOGIN, { input: { email, password: wrongPassword } });
    await gate.send(LOGIN, { input: { email: 'nobody@example.org', password: wrongPassword } });
    await gate.send(LOGIN, { input: { email, password: [wrongPassword] } });
    await gate.send(`mutation { login(input: { email: "${email}", password: "${wrongPassword} }) { __typename } }`);
    await gate.send(`mutation { login(input: "${wrongPassword}") { __typename } }`);
    await gate.send(REFRESH, { refreshToken: canaries.refreshToken });
    await gate.send(LOGOUT, { refreshToken: canaries.refreshToken });
    await gate.me(canaries.accessToken);
    await gate.send('query ($how: String!) { fail(how: $how) }', { how: 'plain' }, bearing);
    await gate.send('{ secretOfAdmins }', {}, bearing);
    // Good ones, then reuse and the end.
    const other = keep(await gate.login(ada));
    await gate.send(SESSIONS, {}, other);
    const next = keep((await gate.refresh(ada.refreshToken)).tokens ?? ada);
    keep((await gate.refresh(next.refreshToken)).tokens ?? ada);
    await gate.refresh(ada.refreshToken);
    await gate.send(LOGOUT, { refreshToken: other.refreshToken }, bearing);
    await gate.me(other.accessToken);
    // By cookie: good, ambiguous, from elsewhere, replaced, refused, and the end.
    const page = openPage(gate);
    await page.login(ada);
    secrets.push(page.token());
    const spent = page.jar;
    await page.refresh();
    secrets.push(page.token());
    await page.send(REFRESH, {}, { headers: { cookie: `${spent}; ${page.jar}` } });
    await page.send(REFRESH, {}, { headers: { origin: 'https://evil.test' } });
    await page.login({ email, password: wrongPassword });
    await page.login(ada);
    secrets.push(page.token());
    await page.refresh({ headers: { cookie: `gatehouse-refresh=${canaries.refreshToken}` } });
    await gate.me(other.accessToken, { headers: { cookie: page.jar ?? '' } });
    await page.logout();
    await fetch(`${gate.url}/graphql?access_token=${other.accessToken}`);
    await fetch(`${gate.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"${wrongPassword}`,
    });
    // Statements that fail, and a database that is not there.
    await gate.database.query('ALTER TABLE gatehouse.audit_events RENAME TO elsewhere');
    await gate.send(LOGIN, { input: { email, password } });
    await gate.send(LOGIN, { input: { email, password: wrongPassword } });
    await gate.database.query('ALTER TABLE gatehouse.elsewhere RENAME TO audit_events');
    await proxy.close();
    await cut.send(LOGIN, { input: { email, password } });
    await cut.refresh(next.refreshToken);
    await cut.me(next.accessToken);

    const log = lines.join('');
    const [hash] = await gate.database.query<{ password_hash: string }>('SELECT password_hash FROM gatehouse.users');
    expect(log).toContain('"event":"request"');
    expect(log).toContain('"event":"internal_error"');
    expect(log).toContain('"event":"refresh_refused"');
    expect(log).toContain('"event":"refresh_cookie_ambiguous"');
    expect(log).toContain('"event":"origin_not_allowed"');
    expect(log).not.toContain(hash?.password_hash ?? '');
    const tables = await dump();
    expect(tables).toContain(email);
    const found = (text: string) => secrets.flatMap(disguises).filter((each) => text.includes(each));
    expect(secrets.length).toBeGreaterThan(8);
    expect(found(log)).toEqual([]);
    expect(found(tables)).toEqual([]);
    expect(log).not.toContain('canary password');
  });

  it('is taken out of a log line even where somebody passes it by mistake', () => {
    const written: string[] = [];
    const log = createLogger('info', { write: (line: string) => void written.push(line) });
    const secret = 'canary';
    log.info({ password: secret, refreshToken: secret, accessToken: secret, token: secret, secret });
    log.info({ input: { password: secret }, headers: { authorization: secret, cookie: secret, 'set-cookie': secret } });
    log.info({ request: { headers: { authorization: secret, cookie: secret } }, a: { b: { refreshToken: secret } } });
    log.info({ err: Object.assign(new Error('plain'), { password: secret }) });
    expect(written).toHaveLength(4);
    expect(written.join('')).not.toContain('canary');
    expect(written.join('')).toContain('[redacted]');
  });
});

describe('the log', () => {
  it('is JSON, a line an event, with the time in UTC and a level by name', () => {
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      expect(line.match(/\n/g)).toHaveLength(1);
      expect(JSON.parse(line)).toMatchObject({
        level: expect.stringMatching(/^(trace|debug|info|warn|error)$/),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        event: expect.stringMatching(/^[a-z_]+$/),
      });
    }
  });
});

describe('the clock check', () => {
  it('warns above 1 s and makes a process unready above the leeway of 5 s, either way', async () => {
    const ahead = (seconds: number) => ({
      ...systemClock,
      now: () => new Date(systemClock.now().getTime() + seconds * 1000),
    });
    const expectations: [number, boolean, boolean][] = [
      [0.5, false, true],
      [3, true, true],
      [-3.5, true, true],
      [8, true, false],
      [-8, true, false],
    ];
    for (const [seconds, warns, isReady] of expectations) {
      const sibling = await gate.startSibling({ clock: ahead(seconds) });
      const ready = await fetch(`${sibling.gateway.url}/health/ready`);
      const { causes } = (await ready.json()) as { causes?: string[] };
      expect([seconds, sibling.logLines.join('').includes('"clock_differs"')]).toEqual([seconds, warns]);
      expect([seconds, causes]).toEqual([seconds, isReady ? undefined : ['clock_differs']]);
      await sibling.gateway.close();
    }
  });
});
