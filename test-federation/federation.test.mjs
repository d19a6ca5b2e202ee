import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGraphqlClient, LOGOUT, REFRESH } from '../dist/test/support/graphql-client.js';
import { startTestGateway } from '../dist/test/support/test-gateway.js';
import { compose } from '../examples/federated/src/compose.mjs';
import { startReviews } from '../examples/federated/src/reviews-subgraph.mjs';
import { createRunning } from '../examples/federated/src/running.mjs';
import { startRouter } from '../examples/federated/src/start-router.mjs';

const ORIGIN = 'https://app.example.org';
const NO_TOKEN = { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' };

const running = createRunning();
let gate;
let reviews;
let router;
let client;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-federation-'));
  await running.begin(Promise.resolve({ stop: () => rm(folder, { recursive: true, force: true }) }));
  gate = await startTestGateway({
    GATEHOUSE_FEDERATION: 'true',
    ROLE_SCOPES: '{"COUNTER":["reviews:count"]}',
    TRUSTED_PROXIES: 'loopback',
    ALLOWED_ORIGINS: ORIGIN,
  });
  await running.begin(Promise.resolve({ stop: () => gate.close() }));
  reviews = await running.begin(
    startReviews({
      issuer: gate.parts.config.jwtIssuer,
      jwksUrl: `${gate.url}/.well-known/jwks.json`,
      nowMs: () => gate.clock.now().getTime(),
    }),
  );
  const supergraphSdl = await compose([
    { name: 'gatehouse', url: `${gate.url}/graphql` },
    { name: 'reviews', url: reviews.url },
  ]);
  router = await running.begin(startRouter({ supergraphSdl, folder, port: await freePort() }));
  // What any client sends: it knows of one URL and nothing of subgraphs.
  client = createGraphqlClient(new URL(router.url).origin);
}, 120_000);
afterAll(() => running.end());

async function freePort() {
  const server = createServer();
  const port = await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function sendFrom(localAddress, operation) {
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' };
  return new Promise((resolve, reject) => {
    const sent = request(router.url, { method: 'POST', localAddress, headers }, async (response) => {
      resolve(JSON.parse((await response.toArray()).join('')));
    });
    sent.once('error', reject).end(JSON.stringify(operation));
  });
}

const extensionsOf = ({ errors = [] }) => errors.map(({ extensions }) => extensions);
const write = (person, text) =>
  client.send('mutation ($text: String!) { writeReview(text: $text) { text } }', { text }, person);

describe('through the router', () => {
  it('somebody registers, signs in, refreshes and logs out, by one URL', async () => {
    const ada = await client.registerSomebody();
    const { accessToken, refreshToken } = await client.login(ada);
    expect((await client.me(accessToken)).data.me.email).toBe(ada.email);
    const { tokens } = await client.refresh(refreshToken);
    expect((await client.me(tokens.accessToken)).data.me.id).toBe(ada.user.id);
    expect((await client.send(LOGOUT, { refreshToken: tokens.refreshToken })).data).toEqual({ logout: true });
    expect(extensionsOf(await client.me(tokens.accessToken))).toEqual([
      { code: 'UNAUTHENTICATED', reason: 'SESSION_ENDED' },
    ]);
    expect(extensionsOf(await client.send(REFRESH, { refreshToken: tokens.refreshToken }))).toEqual([
      { code: 'UNAUTHENTICATED', reason: 'INVALID_GRANT' },
    ]);
  });

  it("the other subgraph's fields stand on the viewer, and the viewer's on what it knows of users", async () => {
    const ada = await client.registerSomebody();
    await write(ada, 'of Ada');
    expect((await client.send('{ me { email reviews { text } } }', {}, ada)).data.me).toEqual({
      email: ada.email,
      reviews: [{ text: 'of Ada' }],
    });
    expect((await client.send('{ myReviews { text author { id email } } }', {}, ada)).data).toEqual({
      myReviews: [{ text: 'of Ada', author: { id: ada.user.id, email: ada.email } }],
    });
  });

  it('of other users there is the id alone', async () => {
    const [ada, bob] = [await client.registerSomebody(), await client.registerSomebody()];
    await write(ada, 'of Ada');
    const ids = await client.send('{ latestReviews { author { id } } }', {}, bob);
    expect([ids.data.latestReviews[0], ids.errors]).toEqual([{ author: { id: ada.user.id } }, undefined]);
    const answer = await client.send('{ latestReviews { author { id email } } }', {}, bob);
    expect(answer.text).not.toContain(ada.email);
    expect(extensionsOf(answer)[0]).toEqual({ code: 'FORBIDDEN' });
    const stranger = await client.send('{ latestReviews { author { email } } }');
    expect(stranger.text).not.toContain(ada.email);
    expect(extensionsOf(stranger)[0]).toEqual(NO_TOKEN);
  });

  it('a field for the signed-in, and one for a scope, are held to by the subgraph', async () => {
    const ada = await client.registerSomebody();
    expect(extensionsOf(await client.send('{ myReviews { text } }'))).toEqual([NO_TOKEN]);
    expect((await client.send('{ myReviews { text } }', {}, ada)).data).toEqual({ myReviews: [] });
    expect(extensionsOf(await client.send('{ reviewCount }', {}, ada))).toEqual([{ code: 'FORBIDDEN' }]);
    await gate.database.query(`UPDATE gatehouse.users SET roles = '{COUNTER}' WHERE id = $1`, [ada.user.id]);
    const counter = await client.login(ada);
    expect((await client.send('{ reviewCount }', {}, counter)).data.reviewCount).toBeGreaterThan(0);
    // The same without the router in between.
    const ask = (accessToken) =>
      fetch(reviews.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(accessToken && { authorization: `Bearer ${accessToken}` }) },
        body: JSON.stringify({ query: '{ reviewCount }' }),
      }).then((response) => response.json());
    expect(extensionsOf(await ask())[0]).toMatchObject(NO_TOKEN);
    expect(extensionsOf(await ask(ada.accessToken))[0]).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('an expired token is refused by both, with what a client refreshes by', async () => {
    const ada = await client.registerSomebody();
    gate.clock.advance(gate.parts.config.accessTokenTtlSeconds + 6);
    const expired = { code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' };
    expect(extensionsOf(await client.send('{ sessions { id } }', {}, ada))).toEqual([expired]);
    expect(extensionsOf(await client.send('{ myReviews { text } }', {}, ada))).toEqual([expired]);
    const { tokens } = await client.refresh(ada.refreshToken);
    expect((await client.send('{ sessions { id } myReviews { text } }', {}, tokens)).data).toEqual({
      sessions: [{ id: ada.session.id }],
      myReviews: [],
    });
  });

  it('a session that was ended is over for the gateway at once, for other subgraphs when its token expires', async () => {
    const ada = await client.registerSomebody();
    await client.send(LOGOUT, { refreshToken: ada.refreshToken });
    expect(extensionsOf(await client.send('{ sessions { id } }', {}, ada))).toEqual([
      { code: 'UNAUTHENTICATED', reason: 'SESSION_ENDED' },
    ]);
    // A pure check of a JWT can't know. Who must know asks the gateway: a field of it in the same operation.
    expect((await client.send('{ myReviews { text } }', {}, ada)).data).toEqual({ myReviews: [] });
    gate.clock.advance(gate.parts.config.accessTokenTtlSeconds + 6);
    expect(extensionsOf(await client.send('{ myReviews { text } }', {}, ada))[0].reason).toBe('TOKEN_EXPIRED');
  });

  it("the session has the client's address, whatever the client claims", async () => {
    const { email, password } = await client.registerSomebody();
    const query = `mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { session { ipAddress } } } }`;
    // From another address of this machine than the router's own.
    const { data } = await sendFrom('127.0.0.2', { query, variables: { input: { email, password } } });
    expect(data.login.session).toEqual({ ipAddress: '127.0.0.2' });
  });

  it('cookie delivery works for an allowed page, and for no other', async () => {
    const ada = await client.registerSomebody();
    const query = `mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { refreshToken accessToken } } }`;
    const input = { email: ada.email, password: ada.password, tokenDelivery: 'COOKIE' };
    const answer = await client.send(query, { input }, { headers: { origin: ORIGIN } });
    expect(answer.data.login.refreshToken).toBeNull();
    const cookie = answer.headers.getSetCookie().find((each) => each.includes('gatehouse-refresh='));
    expect(cookie).toMatch(/HttpOnly/);
    const headers = { cookie: cookie.split(';')[0], origin: ORIGIN };
    const refreshed = await client.send(REFRESH, {}, { headers });
    expect(refreshed.data.refreshToken.refreshToken).toBeNull();
    expect(refreshed.headers.getSetCookie()).toHaveLength(1);
    const foreign = await client.send(REFRESH, {}, { headers: { ...headers, origin: 'https://evil.example.org' } });
    expect(extensionsOf(foreign)).toEqual([{ code: 'FORBIDDEN', reason: 'ORIGIN_NOT_ALLOWED' }]);
  });

  it('entities can not be asked for, as they are no part of the graph', async () => {
    const { status, errors } = await client.send('{ _service { sdl } }');
    expect([status >= 200, errors?.length]).toEqual([true, 1]);
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }';
    expect((await client.send(query, { r: [] })).errors?.length).toBeGreaterThan(0);
  });
});
