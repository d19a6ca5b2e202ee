import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { LOGIN, LOGOUT, REFRESH, SESSIONS } from '../support/graphql-client.js';
import { RefusingResolver, refusals } from './hot-lane/refusing.resolver.js';
import {
  type Ask,
  type Comparing,
  codesOf,
  registration,
  type Seen,
  type Side,
  sameInBothLanes,
  startTwoLanes,
  type TwoLanes,
} from './hot-lane/two-lanes.js';
import { failures, ProbeResolver } from './probe.resolver.js';

const PAGE_ORIGIN = 'https://app.example.org';
const SETTINGS = {
  ALLOWED_ORIGINS: PAGE_ORIGIN,
  METRICS_PORT: '0',
  LIMIT_LOGIN_ACCOUNT_NETWORK: '8/900',
  GRAPHQL_VARIABLE_ENTRIES_MAX: '200',
};

let lanes: TwoLanes;
beforeAll(async () => {
  lanes = await startTwoLanes(SETTINGS, { resolvers: [ProbeResolver, RefusingResolver] });
  await sameInBothLanes(lanes, () => ({ body: { query: '{ __typename }' } }));
});
afterAll(() => lanes.close());

const same = (ask: Ask<Side>, how?: Comparing<Side>) => sameInBothLanes(lanes, ask, how);
/** An operation as anybody sends it. */
const plain = (query: string, variables?: object, how?: Comparing<Side>) =>
  same(() => ({ body: { query, variables } }), how);
/** An operation as Ada sends it. */
const signedIn = (query: string, variables?: object, how?: Comparing<Side>) =>
  same(({ ada }) => ({ body: { query, variables }, accessToken: ada.accessToken }), how);

const outcome = (seen: Seen) => [seen.status, ...codesOf(seen)];
const reasonOf = ({ json }: Seen) => json.errors?.[0]?.extensions['reason'];

const REAUTHENTICATE = `mutation ($password: String!) { reauthenticate(password: $password) {
  __typename ... on AuthPayload { accessToken session { id current } } ... on InvalidCredentials { message } } }`;
const ME = 'query Me { me { id email emailVerified roles createdAt } }';

describe('both lanes answer the same of good operations', () => {
  it('register, and the other results of its union', async () => {
    const created = await same((_, time) => ({ body: registration(`lane${time}@example.org`) }), { times: 3 });
    expect(created.json.data.register).toMatchObject({
      __typename: 'AuthPayload',
      user: { email: 'lane2@example.org' },
    });
    const weak = await same((_, time) => {
      const { query, variables } = registration(`weak${time}@example.org`);
      return { body: { query, variables: { input: { ...variables.input, password: 'short' } } } };
    });
    expect(weak.json.data.register).toMatchObject({ __typename: 'WeakPassword', reasons: ['TOO_SHORT', 'COMMON'] });
    const taken = await same(() => ({ body: registration('ada@example.org') }));
    expect(taken.json.data.register.__typename).toBe('EmailTaken');
  });

  it('login, right and wrong, into the body and into the cookie', async () => {
    const asAda = (input: object) => (side: Side) => ({
      body: { query: LOGIN, variables: { input: { email: side.ada.email, password: side.ada.password, ...input } } },
    });
    expect((await same(asAda({}))).json.data.login.__typename).toBe('AuthPayload');
    expect((await same(asAda({ password: 'another one' }))).json.data.login.__typename).toBe('InvalidCredentials');
    const toCookie = asAda({ tokenDelivery: 'COOKIE' });
    expect(reasonOf(await same(toCookie))).toBe('ORIGIN_NOT_ALLOWED');
    const byPage = await same((side) => ({ ...toCookie(side), headers: { origin: PAGE_ORIGIN } }));
    expect([byPage.json.data?.login?.refreshToken, byPage.headers]).toEqual([
      null,
      expect.arrayContaining(['set-cookie']),
    ]);
  });

  it('refreshToken, again and again, and a token that was never one', async () => {
    const tokens = new Map<Side, string>();
    const refresh = (side: Side) => ({
      body: { query: REFRESH, variables: { refreshToken: tokens.get(side) ?? side.ada.refreshToken } },
    });
    const then = (side: Side, { json }: Seen) => tokens.set(side, json.data.refreshToken.refreshToken);
    const { json } = await same(refresh, { times: 3, then });
    expect(json.data.refreshToken).toMatchObject({ tokenType: 'Bearer', user: { email: 'ada@example.org' } });
    expect(reasonOf(await plain(REFRESH, { refreshToken: 'ghr_never' }))).toBe('INVALID_GRANT');
    expect(reasonOf(await plain(REFRESH))).toBe('NO_TOKEN');
  });

  it('me, sessions and reauthenticate', async () => {
    expect((await signedIn(ME)).json.data.me.email).toBe('ada@example.org');
    expect((await plain(ME)).json.data).toEqual({ me: null });
    expect((await signedIn(SESSIONS)).json.data.sessions.length).toBeGreaterThan(1);
    const good = await signedIn(REAUTHENTICATE, { password: 'a long enough passphrase' });
    expect(good.json.data.reauthenticate.session.current).toBe(true);
    const bad = await signedIn(REAUTHENTICATE, { password: 'another' });
    expect(bad.json.data.reauthenticate.__typename).toBe('InvalidCredentials');
  });

  it('logout, by either token', async () => {
    const signUp = (side: Side, email: string) => side.gate.registerSomebody({ email });
    const byAccess = await same(async (side, time) => {
      const { accessToken } = await signUp(side, `out${time}@example.org`);
      return { body: { query: LOGOUT }, accessToken };
    });
    expect(byAccess.json.data).toEqual({ logout: true });
    await same(async (side, time) => {
      const { refreshToken } = await signUp(side, `gone${time}@example.org`);
      return { body: { query: LOGOUT, variables: { refreshToken } } };
    });
  });

  it('aliases, fragments, directives, several fields, introspection', async () => {
    const query = `query ($yes: Boolean!, $no: Boolean! = false) {
      one: me { ...Person } two: me @include(if: $no) { id } three: me @skip(if: $yes) { id }
      ... @include(if: $yes) { __typename echo } }
      fragment Person on User { name: email ... on User { id roles } }`;
    const { json } = await signedIn(query, { yes: true });
    expect(Object.keys(json.data)).toEqual(['one', '__typename', 'echo']);
    await signedIn(query, { yes: false, no: true });
    expect((await plain('{ __schema { queryType { name } } __type(name: "User") { name } }')).json.data).toBeDefined();
    expect((await plain(getIntrospectionQuery())).body.length).toBeGreaterThan(10_000);
  });
});

describe('both lanes refuse the same', () => {
  it('whoever bears no good access token, by each reason', async () => {
    const ended = async (side: Side) => {
      const { accessToken } = await side.gate.login(side.ada);
      await side.gate.send(LOGOUT, {}, { accessToken });
      return { body: { query: SESSIONS }, accessToken };
    };
    expect(reasonOf(await plain(SESSIONS))).toBe('NO_TOKEN');
    expect(reasonOf(await same(() => ({ body: { query: SESSIONS }, accessToken: 'a.b.c' })))).toBe('TOKEN_INVALID');
    expect(reasonOf(await same(ended))).toBe('SESSION_ENDED');
    expect(reasonOf(await plain('mutation { deleteAccount }'))).toBe('NO_TOKEN');
  });

  it('whoever may not, in nullable fields and others', async () => {
    expect(outcome(await signedIn('{ secretOfAdmins }'))).toEqual([200, 'FORBIDDEN']);
    expect(outcome(await signedIn('mutation { doAsAdmin }'))).toEqual([200, 'FORBIDDEN']);
    expect(outcome(await signedIn('{ me { id } publicForAdmins }'))).toEqual([200, 'FORBIDDEN']);
  });

  const input = { email: 'a@example.org', password: 'p' };
  const unfit: Record<string, [string, unknown, number?]> = {
    'a number for a text': [LOGIN, { input: { ...input, password: 5 } }],
    'null for a text': [LOGIN, { input: { ...input, password: null } }],
    'no text': [LOGIN, { input: { email: input.email } }],
    'an unknown field': [LOGIN, { input: { ...input, passphrase: 'p' } }],
    'an unknown value': [LOGIN, { input: { ...input, tokenDelivery: 'PIGEON' } }],
    'a text for an input': [LOGIN, { input: 'p' }],
    'null for an input': [LOGIN, { input: null }],
    'no input': [LOGIN, {}],
    'no variables': [LOGIN, undefined],
    'variables that are null': [LOGIN, null],
    'three faults': [LOGIN, { input: { email: 1, password: 2, tokenDelivery: 3 } }],
    'two variables': ['query ($n: [Int!]!, $t: String!) { sum(numbers: $n) echo(text: $t) }', { n: ['x'], t: 5 }],
    'more faults than are told': ['query ($n: [Int!]!) { sum(numbers: $n) }', { n: Array(40).fill('x') }],
    'more faults than are looked at': ['query ($n: [Int!]!) { sum(numbers: $n) }', { n: Array(150).fill('x') }],
    'too many entries': ['query ($n: [Int!]!) { sum(numbers: $n) }', { n: Array(201).fill(1) }],
    'too many entries in no variable': ['query Unused { __typename }', { n: [Array(150).fill(1), Array(90).fill(1)] }],
    'null for what has a default': ['query ($t: String = "x") { echo(text: $t) }', { t: null }, 200],
    'null for a condition': ['query ($b: Boolean = true) { echo @include(if: $b) }', { b: null }, 200],
    'a malformed address': [LOGIN, { input: { email: 'nobody', password: 'p' } }, 200],
  };
  it.each(Object.entries(unfit))('%s', async (_, [query, variables, status = 400]) => {
    const seen = await same(() => ({ body: { query, variables } }));
    expect([seen.status, new Set(codesOf(seen))]).toEqual([status, new Set(['BAD_USER_INPUT'])]);
    expect(codesOf(seen).length).toBeLessThanOrEqual(20);
  });

  it.each(Object.keys(failures))('a fault of ours: %s', async (how) => {
    const seen = await plain('query ($how: String!) { fail(how: $how) echo }', { how });
    expect([...outcome(seen), seen.json.data]).toEqual([
      200,
      'INTERNAL_SERVER_ERROR',
      { fail: null, echo: ['silence'] },
    ]);
  });

  it('a field that breaks its promise, and a database that lacks a table', async () => {
    expect(outcome(await plain('{ nothing }'))).toEqual([200, 'INTERNAL_SERVER_ERROR']);
    const rename = (from: string, to: string) =>
      Promise.all(
        [lanes.hot, lanes.cold].map(({ gate }) => gate.database.query(`ALTER TABLE gatehouse.${from} RENAME TO ${to}`)),
      );
    await rename('refresh_sessions', 'elsewhere');
    expect(outcome(await signedIn(SESSIONS))).toEqual([200, 'INTERNAL_SERVER_ERROR']);
    await rename('elsewhere', 'refresh_sessions');
    expect(outcome(await signedIn(SESSIONS))).toEqual([200]);
  });

  it.each(Object.keys(refusals))('what a resolver throws, with what it asks of HTTP: %s', async (how) => {
    await plain('query ($how: String!) { refuse(how: $how) }', { how });
    await plain('query ($how: String!) { refuseLoudly(how: $how) }', { how });
    const several = await plain('query ($how: String!) { refuse(how: $how) a: refuse(how: "both") echo }', { how });
    expect(codesOf(several)).toHaveLength(2);
  });

  it('what an error did to HTTP holds for that answer alone', async () => {
    const clean = await plain('query ($how: String!) { refuse(how: $how) }', { how: 'no status' });
    expect([clean.status, clean.headers]).toEqual([200, expect.not.arrayContaining(['x-lane'])]);
    expect(clean.headers).toContain('application/json; charset=utf-8');
  });

  it('too many tries, with the wait in a header', async () => {
    const email = 'limited@example.org';
    const body = { query: LOGIN, variables: { input: { email, password: 'p' } } };
    const seen = await same(() => ({ body }), { times: 10 });
    expect([...outcome(seen), seen.headers]).toEqual([200, 'RATE_LIMITED', expect.arrayContaining(['retry-after'])]);
  });

  it('whoever signed in too long ago, and expired access tokens', async () => {
    lanes.clock.advance(11 * 60);
    expect(reasonOf(await signedIn('mutation { deleteAccount }'))).toBe('STALE_AUTHENTICATION');
    lanes.clock.advance(60 * 60);
    expect(reasonOf(await signedIn(SESSIONS))).toBe('TOKEN_EXPIRED');
  });
});

it('both lanes have counted the same', async () => {
  const counted = await Promise.all(
    [lanes.hot, lanes.cold].map(async ({ logLines }) => {
      const served = logLines.map((line) => JSON.parse(line)).find(({ event }) => event === 'metrics_served');
      const lines = (await (await fetch(served.url)).text()).split('\n');
      const isCount =
        /^gatehouse_(operations_total|operation_seconds_count|http_responses_total|logins|refreshes|hash\w*_count)/;
      return lines.filter((line) => isCount.test(line));
    }),
  );
  expect(counted[0]).toEqual(counted[1]);
  expect(counted[0]?.length).toBeGreaterThan(20);
});
