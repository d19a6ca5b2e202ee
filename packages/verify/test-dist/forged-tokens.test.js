import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createVerifier } from '@gatehouse/verify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';

const ISSUER = 'https://auth.example.org';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
let server;
let jwksUrl;
let published;
beforeAll(async () => {
  published = { ...(await exportJWK(publicKey)), kid: 'one', use: 'sig', alg: 'ES256' };
  server = createServer((_request, response) => response.end(JSON.stringify({ keys: [published] })));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  jwksUrl = `http://127.0.0.1:${server.address().port}/`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
const now = () => Math.floor(Date.now() / 1000);
const soundClaims = () => ({
  iss: ISSUER,
  aud: ISSUER,
  sub: 'u',
  sid: 's',
  roles: ['ADMIN'],
  scope: 'read write',
  auth_time: now(),
  amr: ['pwd'],
  iat: now(),
  exp: now() + 900,
});
const forge = ({ claims = {}, header = {}, key = privateKey }) =>
  new SignJWT({ ...soundClaims(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'one', ...header })
    .sign(key);
const judge = async (token) => {
  try {
    await createVerifier({ issuer: ISSUER, audience: ISSUER, jwksUrl }).verify(token);
    return 'taken';
  } catch (error) {
    return error.code;
  }
};
describe('forged tokens', () => {
  it('takes the one that the others are made from', async () => {
    expect(await judge(await forge({}))).toBe('taken');
  });
  it('J1: refuses alg none, in every spelling', async () => {
    expect(await judge(new UnsecuredJWT(soundClaims()).encode())).toBe('TOKEN_INVALID');
    const [, payload] = (await forge({})).split('.');
    for (const alg of ['none', 'None', 'nOnE']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt', kid: 'one' })).toString('base64url');
      expect(await judge(`${header}.${payload}.`)).toBe('TOKEN_INVALID');
    }
  });
  it('J2: refuses HS256 with the public key as the secret', async () => {
    const secrets = [publicKey.export({ type: 'spki', format: 'pem' }).toString(), JSON.stringify(published)];
    for (const secret of secrets) {
      const token = await forge({ header: { alg: 'HS256' }, key: new TextEncoder().encode(secret) });
      expect(await judge(token)).toBe('TOKEN_INVALID');
    }
  });
  it('J3: refuses other algorithms, other keys and unknown ones', async () => {
    expect(await judge(await forge({ header: { alg: 'RS256' }, key: rsa.privateKey }))).toBe('TOKEN_INVALID');
    expect(await judge(await forge({ key: other.privateKey }))).toBe('TOKEN_INVALID');
    expect(await judge(await forge({ header: { kid: 'two' } }))).toBe('TOKEN_INVALID');
    const jwk = await exportJWK(other.publicKey);
    expect(await judge(await forge({ header: { jwk }, key: other.privateKey }))).toBe('TOKEN_INVALID');
  });
  it.each([
    ['J5: an end that is missing', { exp: undefined }],
    ['J5: an end that is text', { exp: '4102444800' }],
    ['J5: a beginning that is missing', { iat: undefined }],
    ['J5: a beginning ahead', { iat: now() + 60 }],
    ['J5: nbf ahead', { nbf: now() + 60 }],
    ['a life of more than an hour', { exp: now() + 3601 }],
    ['J6: another issuer', { iss: `${ISSUER}/` }],
    ['J6: another audience', { aud: ['x'] }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['no session', { sid: undefined }],
    ['roles that are text', { roles: 'ADMIN' }],
    ['roles that are no text', { roles: [1] }],
    ['no scope', { scope: undefined }],
    ['no auth_time', { auth_time: undefined }],
    ['amr that is text', { amr: 'pwd' }],
  ])('refuses %s', async (_what, claims) => {
    expect(await judge(await forge({ claims }))).toBe('TOKEN_INVALID');
  });
  it.each([
    ['J6: another type', { typ: 'JWT' }],
    ['no type', { typ: undefined }],
    ['what it must understand and does not', { crit: ['x'], x: 1 }],
  ])('refuses %s', async (_what, header) => {
    const token = await forge({ header }).catch(() => null);
    const [, payload, signature] = (await forge({})).split('.');
    const text =
      token ??
      `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'one', ...header })).toString('base64url')}.${payload}.${signature}`;
    expect(await judge(text)).toBe('TOKEN_INVALID');
  });
});
//# sourceMappingURL=forged-tokens.test.js.map
