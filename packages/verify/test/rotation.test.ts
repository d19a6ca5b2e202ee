import { createVerifier } from '@gatehouse/verify';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { forgeToken, variantOf } from '../../../dist/test/support/forge-token.js';
import { kidOf, privateKeyOf, publishedKids, storedKeys } from '../../../dist/test/support/signing-keys-of.js';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';
import { waitUntil } from '../../../dist/test/support/wait-until.js';

const ISSUER = 'https://auth.example.org';
const DAY = 86_400;
const LEAD = 600;
const OVERLAP = 3_665;
/** All but Date, which jose reads to tell how old its keys are. */
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

/** Answers `taken`, or why not. */
type Verify = (token: string) => Promise<string>;

/** What anybody's service does with jose: nothing of ours is in it. */
function byJoseAlone(url: string): Verify {
  const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`), {
    cacheMaxAge: 300_000,
    cooldownDuration: 1,
  });
  return async (token) => {
    try {
      await jwtVerify(token, keys, { algorithms: ['ES256'], typ: 'at+jwt', issuer: ISSUER, audience: ISSUER });
      return 'taken';
    } catch (error) {
      return String((error as { code?: string }).code);
    }
  };
}

function byOurs(url: string): Verify {
  const verifier = createVerifier({ issuer: ISSUER, audience: ISSUER, jwksUrl: `${url}/.well-known/jwks.json` });
  return async (token) => {
    try {
      await verifier.verify(token);
      return 'taken';
    } catch (error) {
      return String((error as { code?: string }).code);
    }
  };
}

let gate: TestGateway;
beforeEach(async () => {
  jest.useFakeTimers({ doNotFake: [...NOT_FAKED] });
  gate = await startTestGateway({ PUBLIC_URL: ISSUER }, { signingKeys: null });
  jest.setSystemTime(gate.clock.now());
});
afterEach(async () => {
  jest.useRealTimers();
  await gate.close();
});

/** The gateway's time and the service's. */
function pass(seconds: number): void {
  gate.clock.advance(seconds);
  jest.setSystemTime(gate.clock.now());
}

describe.each([
  ['jose alone', byJoseAlone, 'ERR_JWKS_NO_MATCHING_KEY'],
  ['@gatehouse/verify', byOurs, 'TOKEN_INVALID'],
])('%s through a rotation', (_name, createVerify, refusal) => {
  it('takes the old key in the overlap and not after it, and the new one from its first token on', async () => {
    const verify = createVerify(gate.url);
    const ada = await gate.registerSomebody();
    expect(await verify(ada.accessToken)).toBe('taken');
    pass(30 * DAY - LEAD);
    await waitUntil('a new key is published', async () => (await publishedKids(gate.url)).length === 2);
    const [first, second] = await storedKeys(gate.database);
    if (first === undefined || second === undefined) throw new Error('no rotation');
    const privateKey = privateKeyOf(first, gate.parts.keyEncryptionKeys);

    pass(LEAD - 1);
    const last = await gate.login(ada);
    expect([kidOf(last.accessToken), await verify(last.accessToken)]).toEqual([first.kid, 'taken']);
    pass(1);
    const next = await gate.login(ada);
    expect([kidOf(next.accessToken), await verify(next.accessToken)]).toEqual([second.kid, 'taken']);
    expect(await verify(last.accessToken)).toBe('taken');

    // Somebody still signs with the old key.
    const signedNow = () => {
      const iat = gate.clock.now().getTime() / 1000;
      return forgeToken({
        ...variantOf(next.accessToken, { header: { kid: first.kid }, claims: { iat, exp: iat + 900 } }),
        privateKey,
      });
    };
    pass(OVERLAP - 1);
    expect(await verify(signedNow())).toBe('taken');
    pass(1);
    // By now its copy of the keys is older than it may be.
    pass(300);
    expect(await verify(signedNow())).toBe(refusal);
    expect(await verify((await gate.login(ada)).accessToken)).toBe('taken');
  });
});

describe('a service that knew the keys when the new one was published', () => {
  it('asks for them once at most until the new key signs, as its copy ends before', async () => {
    const asked = jest.fn<typeof fetch>((url, init) => fetch(url, init));
    const jwksUrl = `${gate.url}/.well-known/jwks.json`;
    const verifier = createVerifier({ issuer: ISSUER, audience: ISSUER, jwksUrl, fetch: asked });
    const ada = await gate.registerSomebody();
    pass(30 * DAY - LEAD - 1);
    await verifier.verify((await gate.login(ada)).accessToken);
    pass(1);
    await waitUntil('a new key is published', async () => (await publishedKids(gate.url)).length === 2);
    pass(301);
    await verifier.verify((await gate.login(ada)).accessToken);
    expect(asked).toHaveBeenCalledTimes(2);
    pass(LEAD - 302);
    pass(1);
    const { accessToken } = await gate.login(ada);
    expect(kidOf(accessToken)).toBe((await storedKeys(gate.database))[1]?.kid);
    await verifier.verify(accessToken);
    expect(asked).toHaveBeenCalledTimes(2);
  });
});
