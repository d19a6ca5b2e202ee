import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { generateSigningKeys, parseSigningKeys } from '../../src/session/access-token/signing-keys.js';
import { forgeToken, readToken, signingInput, variantOf } from '../support/forge-token.js';
import { LOGOUT, type Person } from '../support/graphql-client.js';
import { rawExchange } from '../support/raw-http.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TOKEN_TTL_SECONDS = 900;
const LEEWAY_SECONDS = 5;

/** The first key signs, the second only verifies. */
const twoKeys = JSON.stringify({
  keys: [generateSigningKeys(), generateSigningKeys()].flatMap((text) => JSON.parse(text).keys),
});
const signingKeys = parseSigningKeys(twoKeys);
const secondKey = parseSigningKeys(JSON.stringify({ keys: [JSON.parse(twoKeys).keys[1]] })).signing;

/** How often a key was fetched to check a signature. */
let signatureChecks = 0;
const countedKeys = new Map(signingKeys.verifying);
countedKeys.get = (kid) => {
  signatureChecks += 1;
  return signingKeys.verifying.get(kid);
};

let gate: TestGateway;
let ada: Person;
let now: number;
beforeAll(async () => {
  gate = await startTestGateway({}, { signingKeys: { ...signingKeys, verifying: countedKeys } });
});
beforeEach(async () => {
  ada = await gate.registerSomebody();
  now = gate.clock.now().getTime() / 1000;
});
afterAll(() => gate.close());

/** `me` for an `Authorization` header: the user's id, or why not. */
async function ask(authorization: string): Promise<string | null> {
  const { status, data, errors } = await gate.me(undefined, { headers: { authorization } });
  expect(status).toBe(200);
  if (errors === undefined) return data.me?.id ?? null;
  expect(errors).toHaveLength(1);
  expect(data.me).toBeNull();
  expect(errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  return String(errors[0]?.extensions.reason);
}
const askWith = (token: string) => ask(`Bearer ${token}`);

function forge(
  changes: { header?: Record<string, unknown>; claims?: Record<string, unknown> },
  privateKey: KeyObject = signingKeys.signing.privateKey,
): string {
  return forgeToken({ ...variantOf(ada.accessToken, changes), privateKey });
}

/** Those of `tokens` that are not refused as invalid. */
async function notInvalid(tokens: Record<string, string>): Promise<[string, string | null][]> {
  const answers = await Promise.all(
    Object.entries(tokens).map(async ([name, token]) => [name, await askWith(token)] as [string, string | null]),
  );
  return answers.filter(([, answer]) => answer !== 'TOKEN_INVALID');
}

describe('an access token', () => {
  it('has exactly the header and the claims of the contract', async () => {
    const { header, claims } = readToken(ada.accessToken);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: signingKeys.signing.kid });
    const { jwtIssuer, jwtAudience } = gate.parts.config;
    expect(claims).toEqual({
      iss: jwtIssuer,
      sub: ada.user.id,
      aud: jwtAudience,
      exp: expect.any(Number),
      iat: now,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sid: ada.session.id,
      gen: 0,
      epoch: 0,
      roles: [],
      scope: '',
      auth_time: now,
      amr: ['pwd'],
    });
    expect(claims.exp - claims.iat).toBe(ada.expiresIn);
    expect(ada.expiresIn).toBeLessThanOrEqual(TOKEN_TTL_SECONDS);
    expect(ada.expiresIn).toBeGreaterThanOrEqual(TOKEN_TTL_SECONDS * 0.95);
  });

  it('has an id of its own each time, and the generation of its session', async () => {
    const { tokens } = await gate.refresh(ada.refreshToken);
    const [first, second] = [readToken(ada.accessToken).claims, readToken(tokens?.accessToken ?? '').claims];
    expect(second.jti).not.toBe(first.jti);
    expect([second.gen, second.sid, second.auth_time]).toEqual([1, first.sid, first.auth_time]);
  });

  it('is verified by what the key set publishes, which has public parts only', async () => {
    const response = await fetch(`${gate.url}/.well-known/jwks.json`);
    const { keys } = (await response.json()) as { keys: Record<string, string>[] };
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
      expect(key).toMatchObject({ alg: 'ES256', crv: 'P-256', kty: 'EC', use: 'sig' });
    }
    const { header, claims, signature } = readToken(ada.accessToken);
    const jwk = keys.find(({ kid }) => kid === header.kid);
    const key = createPublicKey({ key: jwk as never, format: 'jwk' });
    const input = Buffer.from(signingInput({ header, claims }));
    expect(verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it('is taken when any key of the set has signed it, and refused when none has', async () => {
    expect(await askWith(forge({}))).toBe(ada.user.id);
    expect(await askWith(forge({ header: { kid: secondKey.kid } }, secondKey.privateKey))).toBe(ada.user.id);
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    expect(
      await notInvalid({
        'a foreign key under our kid': forge({}, stranger),
        'our key under the kid of the other': forge({ header: { kid: secondKey.kid } }),
        'an unknown kid': forge({ header: { kid: 'nobody' } }, stranger),
        'a kid that is a path': forge({ header: { kid: '../../../../dev/null' } }, stranger),
        'no kid': forge({ header: { kid: undefined } }),
        'a kid that is no text': forge({ header: { kid: ['nobody'] } }),
        'a kid of every object': forge({ header: { kid: 'constructor' } }),
      }),
    ).toEqual([]);
  });

  it('J1: is refused without a signature, whatever it calls that', async () => {
    const parts = (header: Record<string, unknown>) => signingInput(variantOf(ada.accessToken, { header }));
    const own = ada.accessToken.split('.');
    expect(
      await notInvalid({
        ...Object.fromEntries(['none', 'None', 'nOnE', 'NONE', ''].map((alg) => [`alg ${alg}`, `${parts({ alg })}.`])),
        'alg none, with a signature': `${parts({ alg: 'none' })}.${own[2]}`,
        'no alg': `${parts({ alg: undefined })}.`,
        'an empty signature': `${own[0]}.${own[1]}.`,
        'no signature': `${own[0]}.${own[1]}`,
        'a signature of zeros': `${own[0]}.${own[1]}.${Buffer.alloc(64).toString('base64url')}`,
        "another token's signature": `${parts({})}.${own[2]}`,
        'a signature in DER': forgeDer(),
      }),
    ).toEqual([]);
  });

  it('J2: is refused when it was signed by HMAC with the public key', async () => {
    const [jwk] = signingKeys.jwks.keys;
    const publicKey = createPublicKey({ key: jwk as never, format: 'jwk' });
    const secrets = {
      spki: publicKey.export({ type: 'spki', format: 'pem' }),
      'spki cut': String(publicKey.export({ type: 'spki', format: 'pem' })).trim(),
      der: publicKey.export({ type: 'spki', format: 'der' }),
      jwk: JSON.stringify(jwk),
    };
    const tokens = Object.entries(secrets).map(([name, secret]) => [name, hmacToken('HS256', secret)]);
    expect(await notInvalid(Object.fromEntries(tokens))).toEqual([]);
  });

  it('J3: is refused under any other algorithm, even with the right secret', async () => {
    const { refreshTokenSecrets } = gate.parts;
    const secret = refreshTokenSecrets[0] ?? '';
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const token = variantOf(ada.accessToken, {});
    const signed = (algorithm: 'RS256' | 'PS256') =>
      jwt.sign(token.claims, rsa, { algorithm, header: { ...token.header, alg: algorithm } });
    expect(
      await notInvalid({
        HS384: hmacToken('HS384', secret),
        HS512: hmacToken('HS512', secret),
        RS256: signed('RS256'),
        PS256: signed('PS256'),
        'ES384 by its name alone': forge({ header: { alg: 'ES384' } }),
        'es256 in small letters': forge({ header: { alg: 'es256' } }),
      }),
    ).toEqual([]);
  });

  it('J5: is expired 5 s of leeway after its end, and not before', async () => {
    gate.clock.advance(ada.expiresIn + LEEWAY_SECONDS - 1);
    expect(await askWith(ada.accessToken)).toBe(ada.user.id);
    gate.clock.advance(1);
    expect(await askWith(ada.accessToken)).toBe('TOKEN_EXPIRED');
    gate.clock.advance(1);
    expect(await askWith(ada.accessToken)).toBe('TOKEN_EXPIRED');
    expect(await askWith(forge({ claims: { iat: now - 100, exp: now - LEEWAY_SECONDS - 1 } }))).toBe('TOKEN_EXPIRED');
  });

  it('J5: is refused when its times lie ahead, are missing, no whole numbers, or further apart than an hour', async () => {
    const ahead = now + LEEWAY_SECONDS;
    expect(await askWith(forge({ claims: { nbf: ahead } }))).toBe(ada.user.id);
    expect(await askWith(forge({ claims: { iat: ahead, exp: ahead + 60 } }))).toBe(ada.user.id);
    expect(await askWith(forge({ claims: { iat: now, exp: now + 3600 } }))).toBe(ada.user.id);
    const { exp } = readToken(ada.accessToken).claims;
    const bad: Record<string, Record<string, unknown>> = {
      'nbf ahead': { nbf: ahead + 1 },
      'nbf as a text': { nbf: String(now) },
      'iat ahead': { iat: ahead + 1, exp: ahead + 60 },
      'no iat': { iat: undefined },
      'iat as a text': { iat: String(now) },
      'no exp': { exp: undefined },
      'exp as a text': { exp: String(exp) },
      'exp null': { exp: null },
      'exp with a fraction': { exp: exp + 0.5 },
      'exp beyond all numbers': { exp: 1e300 },
      'exp in milliseconds': { exp: exp * 1000 },
      'a life of more than an hour': { iat: now, exp: now + 3601 },
    };
    const tokens = Object.entries(bad).map(([name, claims]) => [name, forge({ claims })]);
    expect(await notInvalid(Object.fromEntries(tokens))).toEqual([]);
  });

  it('J6: is refused for another issuer, audience or type of token', async () => {
    const { jwtIssuer, jwtAudience } = gate.parts.config;
    const bad: Record<string, { header?: Record<string, unknown>; claims?: Record<string, unknown> }> = {
      'another iss': { claims: { iss: 'https://evil.example' } },
      'iss with a slash': { claims: { iss: `${jwtIssuer}/` } },
      'no iss': { claims: { iss: undefined } },
      'another aud': { claims: { aud: 'https://evil.example' } },
      'aud that begins the same': { claims: { aud: `${jwtAudience}.evil.example` } },
      'no aud': { claims: { aud: undefined } },
      'typ JWT': { header: { typ: 'JWT' } },
      'typ id+jwt': { header: { typ: 'id+jwt' } },
      'no typ': { header: { typ: undefined } },
      'no sub': { claims: { sub: undefined } },
      'a sub that is no id': { claims: { sub: "' OR 1=1 --" } },
      'no sid': { claims: { sid: undefined } },
      'no epoch': { claims: { epoch: undefined } },
      'an epoch below zero': { claims: { epoch: -1 } },
      'no gen': { claims: { gen: undefined } },
      'roles that are one text': { claims: { roles: 'ADMIN' } },
    };
    const tokens = Object.entries(bad).map(([name, changes]) => [name, forge(changes)]);
    expect(await notInvalid(Object.fromEntries(tokens))).toEqual([]);
  });

  it('J9: is refused with any header that is not ours, and where it is no signed token at all', async () => {
    const [jwk] = signingKeys.jwks.keys;
    const headers: Record<string, Record<string, unknown>> = {
      zip: { zip: 'DEF' },
      crit: { crit: ['exp'], exp: now + 60 },
      'crit, empty': { crit: [] },
      b64: { b64: false },
      jku: { jku: 'http://127.0.0.1:1/jwks.json' },
      jwk: { jwk },
      x5u: { x5u: 'http://127.0.0.1:1/cert.pem' },
      x5c: { x5c: ['MIIB'] },
      cty: { cty: 'JWT' },
    };
    const tokens = Object.entries(headers).map(([name, header]) => [name, forge({ header })]);
    const [own = '', claims = '', signature = ''] = ada.accessToken.split('.');
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    expect(
      await notInvalid({
        ...Object.fromEntries(tokens),
        'a JWE': `${part({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'at+jwt', kid: jwk?.kid })}.${claims}.${claims}.${claims}.${signature}`,
        'a JWE of dir': `${part({ alg: 'dir', enc: 'A128CBC-HS256' })}..AAAA.BBBB.CCCC`,
        'a list for a header': `${part([])}.${claims}.${signature}`,
        'claims that are a list': `${own}.${part([1])}.${signature}`,
        'claims that are no JSON': `${own}.AAAA.${signature}`,
        'dots alone': '..',
        'a fourth part': `${ada.accessToken}.${signature}`,
      }),
    ).toEqual([]);
  });

  it('J9: is refused above 8 KB, though its signature be genuine, and 1 MB never gets as far', async () => {
    const padded = (length: number) => forge({ claims: { padding: 'x'.repeat(length) } });
    expect(await askWith(padded(4_000))).toBe(ada.user.id);
    signatureChecks = 0;
    expect(await askWith(padded(6_500))).toBe('TOKEN_INVALID');
    expect(signatureChecks).toBe(0);
    const huge = forge({ claims: { padding: 'x'.repeat(750_000) } });
    const head = `POST /graphql HTTP/1.1\r\nhost: localhost:${gate.gateway.port}\r\ncontent-type: application/json\r\n`;
    const body = '{"query":"{ me { id } }"}';
    const text = `${head}authorization: Bearer ${huge}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    expect(await rawExchange({ port: gate.gateway.port, text })).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('J11: is judged by a clock 5 minutes off either way with no more than the leeway', async () => {
    gate.clock.advance(300);
    expect(await askWith(forge({ claims: { iat: now - 600, exp: now + 300 - LEEWAY_SECONDS + 1 } }))).toBe(ada.user.id);
    expect(await askWith(forge({ claims: { iat: now - 600, exp: now + 300 - LEEWAY_SECONDS } }))).toBe('TOKEN_EXPIRED');
    gate.clock.advance(-600);
    expect(await askWith(ada.accessToken)).toBe('TOKEN_INVALID');
    expect(await askWith(forge({ claims: { iat: now - 300 + LEEWAY_SECONDS } }))).toBe(ada.user.id);
    expect(await askWith(forge({ claims: { iat: now - 300 + LEEWAY_SECONDS + 1 } }))).toBe('TOKEN_INVALID');
    gate.clock.advance(300);
    expect(await askWith(ada.accessToken)).toBe(ada.user.id);
  });
});

describe('an access token that comes again', () => {
  it('costs no second check of its signature', async () => {
    signatureChecks = 0;
    expect(await askWith(ada.accessToken)).toBe(ada.user.id);
    expect(await askWith(ada.accessToken)).toBe(ada.user.id);
    expect(signatureChecks).toBe(1);
    const [header, claims, signature = ''] = ada.accessToken.split('.');
    const other = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
    expect(await askWith(`${header}.${claims}.${other}`)).toBe('TOKEN_INVALID');
    expect(signatureChecks).toBe(2);
  });

  it('is still held against its times and against the end of its session', async () => {
    expect(await askWith(ada.accessToken)).toBe(ada.user.id);
    gate.clock.advance(-LEEWAY_SECONDS - 1);
    expect(await askWith(ada.accessToken)).toBe('TOKEN_INVALID');
    gate.clock.advance(LEEWAY_SECONDS + 1);
    expect(await askWith(ada.accessToken)).toBe(ada.user.id);
    const other = await gate.login(ada);
    expect(await askWith(other.accessToken)).toBe(ada.user.id);
    await gate.send(LOGOUT, { refreshToken: other.refreshToken });
    expect(await askWith(other.accessToken)).toBe('SESSION_ENDED');
    gate.clock.advance(ada.expiresIn + LEEWAY_SECONDS);
    expect(await askWith(ada.accessToken)).toBe('TOKEN_EXPIRED');
  });
});

describe('the Authorization header', () => {
  it('is nobody’s under another scheme', async () => {
    for (const value of ['Basic YWRhOnB3', `Token ${ada.accessToken}`, 'DPoP x', `Bearerish ${ada.accessToken}`, '']) {
      expect([value, await ask(value)]).toEqual([value, null]);
    }
  });

  it('is invalid as Bearer with nothing or with nonsense', async () => {
    const nonsense = ['', ' ', ' x', ' undefined', ' null', ` ${ada.accessToken} x`, ` "${ada.accessToken}"`, ' é'];
    for (const value of [...nonsense, `\t${ada.accessToken}`, `,${ada.accessToken}`, ` ${ada.refreshToken}`]) {
      expect([value, await ask(`Bearer${value}`)]).toEqual([value, 'TOKEN_INVALID']);
    }
  });

  it('names its scheme in any case', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) {
      expect(await ask(`${scheme} ${ada.accessToken}`)).toBe(ada.user.id);
      expect(await ask(scheme)).toBe('TOKEN_INVALID');
    }
  });

  it('counts once: a second one changes nothing', async () => {
    const body = '{"query":"{ me { id } }"}';
    const send = async (values: string[]) => {
      const lines = values.map((value) => `authorization: ${value}\r\n`).join('');
      const head = `POST /graphql HTTP/1.1\r\nhost: localhost:${gate.gateway.port}\r\nconnection: close\r\n`;
      const rest = `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      return rawExchange({ port: gate.gateway.port, text: `${head}${lines}${rest}` });
    };
    expect(await send(['Bearer x', `Bearer ${ada.accessToken}`])).toContain('TOKEN_INVALID');
    expect(await send(['Basic x', `Bearer ${ada.accessToken}`])).not.toContain(ada.user.id);
    expect(await send([`Bearer ${ada.accessToken}`, 'Bearer x'])).toContain(ada.user.id);
  });
});

describe('signing keys', () => {
  it('D8: are refused where they are anything but private keys on P-256, and never quoted', () => {
    const [key] = JSON.parse(generateSigningKeys()).keys;
    const [other] = JSON.parse(generateSigningKeys()).keys;
    const bad = {
      empty: '',
      'no JSON': 'canary',
      'no keys': '{"keys":[]}',
      'a public key': JSON.stringify({ keys: [{ ...key, d: undefined }] }),
      'another curve': JSON.stringify({ keys: [{ ...key, crv: 'P-384' }] }),
      'a secret': '{"keys":[{"kty":"oct","k":"canary"}]}',
      'halves of two keys': JSON.stringify({ keys: [{ ...key, x: other.x, y: other.y }] }),
      'one kid twice': JSON.stringify({ keys: [key, { ...other, kid: key.kid }] }),
      'a point off the curve': JSON.stringify({ keys: [{ ...key, x: key.y }] }),
    };
    for (const [name, text] of Object.entries(bad)) {
      let refusal: unknown = null;
      try {
        parseSigningKeys(text);
      } catch (error) {
        refusal = error;
      }
      expect([name, refusal]).toEqual([name, expect.objectContaining({ name: 'SigningKeysError' })]);
      expect(String(refusal)).not.toContain('canary');
      expect(String(refusal)).not.toContain(key.d);
    }
  });

  it('are named by their thumbprint (RFC 7638) where they bear no name', () => {
    const [key] = JSON.parse(generateSigningKeys()).keys;
    const { signing } = parseSigningKeys(JSON.stringify({ keys: [{ ...key, kid: undefined }] }));
    expect(signing.kid).toBe(key.kid);
  });
});

function hmacToken(alg: 'HS256' | 'HS384' | 'HS512', secret: string | Buffer): string {
  const input = signingInput(variantOf(ada.accessToken, { header: { alg } }));
  return `${input}.${createHmac(`sha${alg.slice(2)}`, secret)
    .update(input)
    .digest('base64url')}`;
}

/** Right but for its form: two integers in ASN.1 instead of 64 bytes. */
function forgeDer(): string {
  const genuine = forge({});
  const { signature } = readToken(genuine);
  const integer = (bytes: Buffer) => Buffer.concat([Buffer.from([2, 33, 0]), bytes]);
  const body = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))]);
  const der = Buffer.concat([Buffer.from([0x30, body.length]), body]);
  return [...genuine.split('.').slice(0, 2), der.toString('base64url')].join('.');
}
