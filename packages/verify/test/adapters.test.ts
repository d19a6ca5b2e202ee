import { createVerifier } from '@gatehouse/verify';
import { createAuthenticate } from '@gatehouse/verify/apollo';
import { createRequireAuth } from '@gatehouse/verify/fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { GraphQLError } from 'graphql';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ PUBLIC_URL: 'https://auth.example.org' });
});
afterAll(() => gate.close());

const verifier = (changes: { fetch?: typeof fetch } = {}) =>
  createVerifier({
    issuer: 'https://auth.example.org',
    audience: 'https://auth.example.org',
    jwksUrl: `${gate.url}/.well-known/jwks.json`,
    nowMs: () => gate.clock.now().getTime(),
    ...changes,
  });
const away = () => verifier({ fetch: () => Promise.reject(new TypeError('fetch failed')) });

const expired = async () => {
  const { accessToken } = await gate.registerSomebody();
  gate.clock.advance(1000);
  return accessToken;
};

describe("Apollo Server's context", () => {
  const extensionsOf = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return error instanceof GraphQLError ? error.extensions : error;
    }
  };

  it('knows the caller, and who it is not', async () => {
    const { accessToken, user } = await gate.registerSomebody();
    const auth = await createAuthenticate(verifier())(`Bearer ${accessToken}`);
    expect(auth.state).toBe('authenticated');
    expect(auth.requireAuth().userId).toBe(user.id);
    expect(extensionsOf(() => auth.requireRole('ADMIN'))).toEqual({ code: 'FORBIDDEN' });
    expect(extensionsOf(() => auth.requireScope('write'))).toEqual({ code: 'FORBIDDEN' });
  });

  it('knows the roles of a token', async () => {
    const { email, password, user } = await gate.registerSomebody();
    await gate.database.query("UPDATE gatehouse.users SET roles = '{EDITOR}' WHERE id = $1", [user.id]);
    const { accessToken } = await gate.login({ email, password });
    const auth = await createAuthenticate(verifier())(`Bearer ${accessToken}`);
    expect(auth.requireRole('EDITOR').roles).toEqual(['EDITOR']);
  });

  it('answers a bad token with a state, which a guard turns into the error that a client acts on', async () => {
    const authenticate = createAuthenticate(verifier());
    const cases = [
      [undefined, 'anonymous', { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' }],
      ['Basic eA==', 'anonymous', { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' }],
      ['Bearer nonsense', 'rejected', { code: 'UNAUTHENTICATED', reason: 'TOKEN_INVALID' }],
      [`Bearer ${await expired()}`, 'rejected', { code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' }],
    ] as const;
    for (const [header, state, extensions] of cases) {
      const auth = await authenticate(header);
      expect(auth.state).toBe(state);
      for (const ask of [() => auth.requireAuth(), () => auth.requireRole('X'), () => auth.requireScope('x')]) {
        expect(extensionsOf(ask)).toEqual(extensions);
      }
    }
  });

  it('never takes for signed out whom it can not judge', async () => {
    const { accessToken } = await gate.registerSomebody();
    const auth = await createAuthenticate(away())(`Bearer ${accessToken}`);
    expect(auth.state).toBe('unknown');
    expect(extensionsOf(() => auth.requireAuth())).toEqual({ code: 'SERVICE_UNAVAILABLE', retryAfter: 5 });
  });
});

describe('a Fastify hook', () => {
  const ask = async (hook: ReturnType<typeof createRequireAuth>, authorization?: string) => {
    const service = fastify();
    service.get('/', { onRequest: hook }, async (request) => ({ userId: hook.callerOf(request).userId }));
    service.get('/open', async (request) => ({ userId: hook.callerOf(request).userId }));
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await service.inject({ url: '/', headers });
    const open = await service.inject({ url: '/open', headers });
    await service.close();
    expect(open.statusCode).toBe(500);
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
  };

  it('lets in whom the token speaks for', async () => {
    const { accessToken, user } = await gate.registerSomebody();
    const answer = await ask(createRequireAuth(verifier()), `Bearer ${accessToken}`);
    expect(answer).toMatchObject({ status: 200, body: { userId: user.id } });
  });

  it('refuses as RFC 6750 3 says, and as a client of the gateway understands', async () => {
    const hook = createRequireAuth(verifier());
    const none = await ask(hook);
    expect(none).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect(none.body.errors[0].extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' });
    const late = await ask(hook, `Bearer ${await expired()}`);
    expect(late.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token"/);
    expect(late.body.errors[0].extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' });
  });

  it('is not made with a scope that is none: it would let in whoever is signed in', () => {
    for (const scope of [undefined, null, '', 'two scopes', ['notes:write']]) {
      expect(() => createRequireAuth(verifier(), { scope } as never)).toThrow(/scope must be/);
    }
  });

  it('refuses who lacks the scope, and is away while the keys are', async () => {
    const { accessToken } = await gate.registerSomebody();
    const scoped = await ask(createRequireAuth(verifier(), { scope: 'notes:write' }), `Bearer ${accessToken}`);
    expect(scoped).toMatchObject({
      status: 403,
      headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="notes:write"' },
    });
    const unknown = await ask(createRequireAuth(away()), `Bearer ${accessToken}`);
    expect(unknown).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  });
});
