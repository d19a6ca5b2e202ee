import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GOOD_PASSWORD, LOGIN, LOGOUT, type Person, REFRESH, REGISTER } from '../support/graphql-client.js';
import { openPage, PAGE_ORIGIN, type PageAnswer, signedInPage } from '../support/page.js';
import { rawExchange } from '../support/raw-http.js';
import { sessionRow } from '../support/session-facts.js';
import { countStatements } from '../support/statement-count.js';
import { startTestGateway, type TestGateway, testConfig } from '../support/test-gateway.js';

const ORIGIN_NOT_ALLOWED = { code: 'FORBIDDEN', reason: 'ORIGIN_NOT_ALLOWED' };
const LISTED = 'https://app.example.org';
const OWN = 'https://auth.example.org';

const FOREIGN: (string | null)[] = [
  null,
  'null',
  '',
  'https://evil.test',
  'http://',
  'https://app.example.org.evil.test',
  'https://evilapp.example.org',
  'https://evil.test/https://app.example.org',
  'https://app.example.org/',
  'https://app.example.org:8443',
  'https://sub.app.example.org',
  'http://app.example.org',
  'HTTPS://APP.EXAMPLE.ORG',
  'https://example.org',
  'http://auth.example.org',
  'https://auth.example.org:4000',
  `${LISTED}, ${LISTED}`,
  `https://evil.test, ${LISTED}`,
  `${LISTED} https://evil.test`,
  PAGE_ORIGIN,
];

let gate: TestGateway;
let ada: Person;
let jar: string;
let sessionId: string;
let accessToken: string;
beforeAll(async () => {
  gate = await startTestGateway({ ALLOWED_ORIGINS: `${LISTED},https://other.example.org`, PUBLIC_URL: OWN });
  ada = await gate.registerSomebody();
});
afterAll(() => gate.close());
beforeEach(async () => {
  const page = openPage(gate, LISTED);
  const { data } = await page.login(ada);
  jar = page.jar ?? '';
  sessionId = data.login.session.id;
  accessToken = data.login.accessToken;
});

/** The operations that read or set the cookie, as a page of `origin` sends them, with the cookie. */
const operations: Record<string, (origin: string | null, headers?: Record<string, string>) => Promise<PageAnswer>> = {
  login: (origin, headers) => pageOf(origin).send(LOGIN, signIn(ada.email), { headers: headers ?? {} }),
  register: (origin, headers) =>
    pageOf(origin).send(REGISTER, signIn(`${randomUUID()}@example.org`), { headers: headers ?? {} }),
  refreshToken: (origin, headers) => pageOf(origin).send(REFRESH, {}, { headers: headers ?? {} }),
  logout: (origin, headers) => pageOf(origin).send(LOGOUT, {}, { accessToken, headers: headers ?? {} }),
};
const names = Object.keys(operations);

const signIn = (email: string) => ({ input: { email, password: GOOD_PASSWORD, tokenDelivery: 'COOKIE' } });
const pageOf = (origin: string | null) => Object.assign(openPage(gate, origin), { jar });

describe.each(names)('%s by cookie', (name) => {
  const send = operations[name] ?? Promise.reject;

  it('C4: is refused to every page that is not allowed, before anything is hashed, asked or changed', async () => {
    const hashings = gate.gateway.hashings();
    const statements = await countStatements(gate.database);
    try {
      for (const origin of FOREIGN) {
        const { status, data, errors, error, setCookies } = await send(origin);
        expect([origin, status, data, error, setCookies]).toEqual([origin, 200, null, ORIGIN_NOT_ALLOWED, []]);
        expect(errors?.[0]?.message).toMatch(/ALLOWED_ORIGINS/);
      }
      expect(statements.count()).toBe(0);
    } finally {
      statements.stop();
    }
    expect(gate.gateway.hashings()).toBe(hashings);
    expect(await sessionRow(gate.database, sessionId)).toMatchObject({ generation: 0, revoked_at: null });
  });

  it('C4: is refused where Origin comes twice, even if both are allowed', async () => {
    const bodies: Record<string, object> = {
      login: { query: LOGIN, variables: signIn(ada.email) },
      register: { query: REGISTER, variables: signIn(`${randomUUID()}@example.org`) },
      refreshToken: { query: REFRESH },
      logout: { query: LOGOUT },
    };
    const body = JSON.stringify(bodies[name]);
    for (const others of [[LISTED], [OWN], ['https://evil.test'], ['null']]) {
      const origins = [LISTED, ...others].map((origin) => `Origin: ${origin}\r\n`).join('');
      const answer = await rawExchange({
        port: gate.gateway.port,
        text: `POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${origins}Cookie: ${jar}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      });
      expect(answer).toMatch(/"reason":"ORIGIN_NOT_ALLOWED"/);
      expect(answer).not.toMatch(/set-cookie|access-control/i);
    }
    expect(await sessionRow(gate.database, sessionId)).toMatchObject({ generation: 0, revoked_at: null });
  });

  it('C4: is refused to a page of another site, though its origin is allowed', async () => {
    for (const site of ['cross-site', 'Cross-Site', 'same-origin, cross-site']) {
      const { error, setCookies } = await send(LISTED, { 'sec-fetch-site': site });
      expect([site, error, setCookies]).toEqual([site, ORIGIN_NOT_ALLOWED, []]);
    }
    expect(await sessionRow(gate.database, sessionId)).toMatchObject({ generation: 0, revoked_at: null });
  });

  it.each([
    [LISTED, null],
    ['https://other.example.org', 'same-site'],
    [OWN, 'same-origin'],
  ])('C4: is done for pages of %s (Sec-Fetch-Site: %s), and sets one cookie', async (origin, site) => {
    const { errors, setCookies } = await send(origin, site === null ? {} : { 'sec-fetch-site': site });
    expect([errors, setCookies.length]).toEqual([undefined, 1]);
  });
});

describe('an operation that has no cookie to read', () => {
  it('C4: asks for no origin: NO_TOKEN, without a statement', async () => {
    const statements = await countStatements(gate.database);
    try {
      for (const origin of FOREIGN) {
        for (const variables of [{}, { refreshToken: null }]) {
          const { error } = await openPage(gate, origin).send(REFRESH, variables);
          expect([origin, error]).toEqual([origin, { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' }]);
        }
      }
      expect(statements.count()).toBe(0);
    } finally {
      statements.stop();
    }
  });

  it('C4: logs out by access token or argument from anywhere, and sets no cookie', async () => {
    for (const origin of ['https://evil.test', null]) {
      const somebody = await gate.registerSomebody();
      const other = await gate.login(somebody);
      const page = openPage(gate, origin);
      expect(await page.send(LOGOUT, {}, somebody)).toMatchObject({ data: { logout: true }, setCookies: [] });
      const byArgument = await pageOf(origin).send(LOGOUT, { refreshToken: other.refreshToken });
      expect(byArgument).toMatchObject({ data: { logout: true }, setCookies: [] });
      for (const { session } of [somebody, other]) {
        expect(await sessionRow(gate.database, session.id)).toMatchObject({ end_cause: 'LOGOUT' });
      }
    }
    expect(await sessionRow(gate.database, sessionId)).toMatchObject({ revoked_at: null });
  });
});

describe('a request that needs no preflight', () => {
  it('C1: a form, a script or an image with the cookie changes nothing, from an allowed page either', async () => {
    const query = 'mutation { logout refreshToken { tokenType } }';
    const headers = { cookie: jar, origin: LISTED };
    const form = new URLSearchParams({ query });
    const multipart = new FormData();
    multipart.set('query', query);
    const sent: RequestInit[] = [
      { method: 'POST', body: JSON.stringify({ query }), headers: { ...headers, 'content-type': 'text/plain' } },
      { method: 'POST', body: form, headers },
      { method: 'POST', body: multipart, headers },
      { method: 'POST', headers },
    ];
    for (const init of sent) {
      const { status, headers: answered } = await fetch(`${gate.url}/graphql`, init);
      expect([status >= 400, answered.getSetCookie()]).toEqual([true, []]);
    }
    expect(await sessionRow(gate.database, sessionId)).toMatchObject({ generation: 0, revoked_at: null });
  });

  it('C2: GET and HEAD with the cookie change nothing', async () => {
    const headers = { cookie: jar, origin: LISTED, 'apollo-require-preflight': 'true' };
    const path = `/graphql?query=${encodeURIComponent('mutation { logout }')}`;
    for (const method of ['GET', 'HEAD']) {
      const { status, headers: answered } = await fetch(`${gate.url}${path}`, { method, headers });
      expect([method, status >= 400, answered.getSetCookie()]).toEqual([method, true, []]);
    }
    expect(await sessionRow(gate.database, sessionId)).toMatchObject({ generation: 0, revoked_at: null });
  });
});

it('C4: a refusal is logged, without the origin, which may be any text', async () => {
  gate.logLines.length = 0;
  const { headers } = await pageOf('https://canary.test').refresh();
  const refusals = gate.logLines.filter((line) => line.includes('origin_not_allowed'));
  expect(refusals.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ requestId: headers.get('x-request-id') }),
  ]);
  expect(gate.logLines.join('')).not.toMatch(/canary|ghr_/);
});

describe('the rule of COOKIE_SAME_SITE and PUBLIC_URL', () => {
  const configOf = (environment: Record<string, string>) =>
    testConfig({ ALLOWED_ORIGINS: LISTED, PUBLIC_URL: OWN, ...environment });
  const production = {
    NODE_ENV: 'production',
    DATABASE_URL: 'postgresql://db/x',
    REFRESH_TOKEN_SECRETS: randomBytes(32).toString('base64url'),
    SIGNING_KEYS_FILE: '/nowhere',
    SMTP_URL: 'none',
  };
  /** How a gateway with these settings answers a page of `origin` that refreshes. */
  const refreshWith = async (environment: Record<string, string>, origin: string, site = 'same-site') => {
    const other = await gate.startSibling({ config: configOf(environment) });
    try {
      const page = Object.assign(openPage(other, origin), { jar });
      const { error } = await page.refresh({ headers: { 'sec-fetch-site': site } });
      return error?.reason ?? 'refreshed';
    } finally {
      await other.gateway.close();
    }
  };

  it.each([
    ['strict', 'ORIGIN_NOT_ALLOWED'],
    ['lax', 'ORIGIN_NOT_ALLOWED'],
    ['none', 'refreshed'],
  ])('C4: with %s, an allowed page of another site is: %s', async (COOKIE_SAME_SITE, outcome) => {
    expect(await refreshWith({ COOKIE_SAME_SITE }, LISTED, 'cross-site')).toBe(outcome);
  });

  it('C4: with none, a foreign page of another site is still refused', async () => {
    expect(await refreshWith({ COOKIE_SAME_SITE: 'none' }, 'https://evil.test', 'cross-site')).toBe(
      'ORIGIN_NOT_ALLOWED',
    );
  });

  it('C4: the own origin is that of PUBLIC_URL without its path; where production guesses it, there is none', async () => {
    expect(await refreshWith({ ...production, PUBLIC_URL: `${OWN}/gateway` }, OWN)).toBe('refreshed');
    // PORT=0 makes the guess http://localhost:0.
    expect(await refreshWith({ ...production, PUBLIC_URL: '' }, 'http://localhost:0')).toBe('ORIGIN_NOT_ALLOWED');
    expect(await refreshWith({ ...production, PUBLIC_URL: '' }, LISTED)).toBe('refreshed');
  });

  it('C4: in development, local pages of any port are allowed where no list says otherwise', async () => {
    const development = await startTestGateway();
    try {
      const { page } = await signedInPage(development, await development.registerSomebody());
      for (const [origin, reason] of [
        ['http://127.0.0.1:4000', undefined],
        ['http://[::1]:3000', undefined],
        ['https://localhost', undefined],
        ['http://localhost.evil.test', 'ORIGIN_NOT_ALLOWED'],
        ['http://localhost:3000.evil.test', 'ORIGIN_NOT_ALLOWED'],
        ['http://evil.test#localhost', 'ORIGIN_NOT_ALLOWED'],
        ['null', 'ORIGIN_NOT_ALLOWED'],
      ] as const) {
        expect([origin, (await page.refresh({ headers: { origin } })).error?.reason]).toEqual([origin, reason]);
      }
    } finally {
      await development.close();
    }
  });
});
