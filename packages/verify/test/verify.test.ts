import { type AccessTokenError, createVerifier, type Verifier } from '@gatehouse/verify';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { claimsOf } from '../../../dist/test/support/session-facts.js';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';

/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9/';
/** All but Date. */
const NOT_FAKED = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

let gate: TestGateway;
/** Requests for the keys so far. */
let asked = 0;
beforeAll(async () => {
  gate = await startTestGateway({ PUBLIC_URL: 'https://auth.example.org' });
});
afterAll(() => gate.close());

const countingFetch: typeof fetch = (url, init) => {
  asked += 1;
  return fetch(url, init);
};

/** A service's verifier, its clock being the gateway's. */
const verifier = (changes: Partial<Parameters<typeof createVerifier>[0]> = {}): Verifier =>
  createVerifier({
    issuer: 'https://auth.example.org',
    audience: 'https://auth.example.org',
    jwksUrl: `${gate.url}/.well-known/jwks.json`,
    fetch: countingFetch,
    nowMs: () => gate.clock.now().getTime(),
    ...changes,
  });

const faultOf = async (verifying: Promise<unknown>): Promise<string> => {
  try {
    await verifying;
    return 'taken';
  } catch (error) {
    return (error as AccessTokenError).code;
  }
};

describe('a verifier in another service', () => {
  it('tells who a token of the gateway speaks for', async () => {
    const { accessToken, user, session } = await gate.registerSomebody();
    const { iat, exp } = claimsOf(accessToken);
    expect(await verifier().verify(accessToken)).toEqual({
      userId: user.id,
      sessionId: session.id,
      roles: [],
      scopes: [],
      authTime: new Date(iat * 1000),
      amr: ['pwd'],
      tokenId: expect.any(String),
      issuedAt: new Date(iat * 1000),
      expiresAt: new Date(exp * 1000),
    });
  });

  it('asks for the keys once, however many tokens come at once', async () => {
    const people = await Promise.all([1, 2, 3].map(() => gate.registerSomebody()));
    asked = 0;
    const service = verifier();
    await Promise.all(people.flatMap(({ accessToken }) => [service.verify(accessToken), service.verify(accessToken)]));
    expect(asked).toBe(1);
  });

  it('takes a header of any case, and no other scheme', async () => {
    const { accessToken, user } = await gate.registerSomebody();
    const service = verifier();
    expect(await service.verifyHeader(`bearer ${accessToken}`)).toMatchObject({ userId: user.id });
    expect(await service.verifyHeader(`Basic ${accessToken}`)).toBeNull();
    expect(await service.verifyHeader(undefined)).toBeNull();
    expect(await faultOf(service.verifyHeader('Bearer'))).toBe('TOKEN_INVALID');
  });

  it('J5: takes a token until 5 seconds after its end, remembered or not', async () => {
    const { accessToken } = await gate.registerSomebody();
    const { iat, exp } = claimsOf(accessToken);
    const service = verifier();
    gate.clock.advance(exp - iat + 4);
    expect(await faultOf(service.verify(accessToken))).toBe('taken');
    gate.clock.advance(1);
    expect(await faultOf(service.verify(accessToken))).toBe('TOKEN_EXPIRED');
    expect(await faultOf(verifier().verify(accessToken))).toBe('TOKEN_EXPIRED');
  });

  it('J6: refuses another issuer, another audience, and what is no access token', async () => {
    const { accessToken, refreshToken } = await gate.registerSomebody();
    expect(await faultOf(verifier({ issuer: 'https://auth.example.com' }).verify(accessToken))).toBe('TOKEN_INVALID');
    expect(await faultOf(verifier({ audience: 'https://other.example' }).verify(accessToken))).toBe('TOKEN_INVALID');
    const service = verifier();
    for (const text of [
      '',
      'a.b.c',
      refreshToken,
      `${accessToken}x`,
      accessToken.slice(0, -2),
      'x'.repeat(1_000_000),
    ]) {
      expect(await faultOf(service.verify(text))).toBe('TOKEN_INVALID');
    }
  });

  it('J11: refuses a token of a gateway whose clock is ahead', async () => {
    const { accessToken } = await gate.registerSomebody();
    const behind = verifier({ nowMs: () => gate.clock.now().getTime() - 6_000 });
    expect(await faultOf(behind.verify(accessToken))).toBe('TOKEN_INVALID');
    const nearly = verifier({ nowMs: () => gate.clock.now().getTime() - 5_000 });
    expect(await faultOf(nearly.verify(accessToken))).toBe('taken');
  });

  it('says that it can not tell where the keys are not to be had', async () => {
    const { accessToken } = await gate.registerSomebody();
    let isAway = true;
    const service = verifier({ fetch: (url, init) => (isAway ? fetch(nowhere) : fetch(url, init)) });
    expect(await faultOf(service.verify(accessToken))).toBe('KEYS_UNAVAILABLE');
    isAway = false;
    expect(await faultOf(service.verify(accessToken))).toBe('taken');
  });

  it('goes on with the keys that it knows while the gateway is away, for an hour', async () => {
    let isAway = false;
    const service = verifier({ fetch: (url, init) => (isAway ? fetch(nowhere) : countingFetch(url, init)) });
    const newToken = async () => (await gate.registerSomebody()).accessToken;
    /** jose keeps the age of its keys by the machine's clock. */
    const pass = (seconds: number) => {
      gate.clock.advance(seconds);
      jest.useFakeTimers({ now: Date.now() + seconds * 1000, doNotFake: [...NOT_FAKED] });
    };
    asked = 0;
    await service.verify(await newToken());
    pass(301);
    await service.verify(await newToken());
    expect(asked).toBe(2);
    isAway = true;
    pass(3599);
    expect(await faultOf(service.verify(await newToken()))).toBe('taken');
    pass(301);
    expect(await faultOf(service.verify(await newToken()))).toBe('KEYS_UNAVAILABLE');
    jest.useRealTimers();
  });

  it.each([
    ['an error page with 200', 200, '<html>Bad gateway</html>'],
    ['an error page with 502', 502, '<html>Bad gateway</html>'],
    ['nothing at all', 200, ''],
    ['JSON that is no set of keys', 200, '{"error":"bad_gateway"}'],
    ['null', 200, 'null'],
    ['a set without a key', 200, '{"keys":[]}'],
    ['a set of no keys', 200, '{"keys":[null,1,{}]}'],
    ['somebody elses answer, sent on', 302, '{"keys":[]}'],
  ])('keeps the keys that it knows where %s stands in the place of the gateway', async (_what, status, body) => {
    let isThere = true;
    const service = verifier({ fetch: (url, init) => (isThere ? fetch(url, init) : answering(body, status)) });
    const newToken = async () => (await gate.registerSomebody()).accessToken;
    await service.verify(await newToken());
    isThere = false;
    for (const _round of [1, 2]) {
      gate.clock.advance(301);
      jest.useFakeTimers({ now: Date.now() + 301_000, doNotFake: [...NOT_FAKED] });
      expect(await faultOf(service.verify(await newToken()))).toBe('taken');
    }
    jest.useRealTimers();
    const fresh = verifier({ fetch: () => answering(body, status) });
    expect(await faultOf(fresh.verify(await newToken()))).toBe('KEYS_UNAVAILABLE');
  });
  const answering = async (body: string, status: number) => new Response(body, { status });

  it('is not made without an issuer, an audience and a URL: nothing would be checked', () => {
    for (const name of ['issuer', 'audience', 'jwksUrl']) {
      for (const value of [undefined, null, '', ['https://auth.example.org']]) {
        expect(() => verifier({ [name]: value })).toThrow(`createVerifier needs ${name}`);
      }
    }
  });

  it('tells nothing of a token in its errors', async () => {
    const { accessToken } = await gate.registerSomebody();
    const error = await verifier({ issuer: 'x' })
      .verify(accessToken)
      .catch((fault: unknown) => fault);
    expect(JSON.stringify([String(error), (error as Error).stack, error])).not.toContain(accessToken.split('.')[1]);
  });

  it('does not know that a session was ended: the token is taken until it expires', async () => {
    const { accessToken } = await gate.registerSomebody();
    await gate.send('mutation { logout }', {}, { accessToken });
    expect((await gate.me(accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
    expect(await faultOf(verifier().verify(accessToken))).toBe('taken');
  });
});
