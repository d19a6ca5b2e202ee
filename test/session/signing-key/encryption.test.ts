import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSigningKeys, parseSigningKeyPairs } from '../../../src/session/access-token/signing-keys.js';
import { forgeToken, variantOf } from '../../support/forge-token.js';
import { isReady } from '../../support/is-ready.js';
import { kidOf, privateKeyOf, publishedKids, storedKeys } from '../../support/signing-keys-of.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { waitUntil } from '../../support/wait-until.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({}, { signingKeys: null });
});
afterAll(() => gate.close());

const under = async () => (await storedKeys(gate.database)).map(({ sealed }) => sealed?.under);
const withSecrets = async (...keyEncryptionKeys: Buffer[]) => {
  const sibling = await gate.startSibling({ keyEncryptionKeys });
  await sibling.gateway.close();
};

describe('private parts of signing keys', () => {
  it('stand nowhere in the database in clear', async () => {
    const [key] = await storedKeys(gate.database);
    const { d = '' } = privateKeyOf(key as never, gate.parts.keyEncryptionKeys).export({ format: 'jwk' });
    expect(d).toHaveLength(43);
    const [row] = await gate.database.query<{ text: string }>('SELECT k::text AS text FROM gatehouse.signing_keys k');
    const bytes = Buffer.from(d, 'base64url');
    for (const form of [d, bytes.toString('base64'), bytes.toString('hex'), 'sealed_private_key":"{', '"d"']) {
      expect(row?.text).not.toContain(form);
    }
    expect(Buffer.from(key?.sealed?.text ?? '', 'base64url').includes(bytes)).toBe(false);
    expect(key?.kid).toBe(
      createHash('sha256')
        .update(canonical(key?.publicJwk as never))
        .digest('base64url'),
    );
  });

  it('go from one encryption key to the next, and back, at a start, and the old one can then be dropped', async () => {
    const [old] = gate.parts.keyEncryptionKeys as [Buffer];
    const next = randomBytes(32);
    const ada = await gate.registerSomebody();
    const [nameOfOld] = await under();
    // The new one last everywhere, first everywhere, then alone.
    await withSecrets(old, next);
    expect(await under()).toEqual([nameOfOld]);
    await withSecrets(next, old);
    expect(await under()).not.toEqual([nameOfOld]);
    const alone = await gate.startSibling({ keyEncryptionKeys: [next] });
    expect((await alone.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
    expect(kidOf((await alone.login(ada)).accessToken)).toBe(kidOf(ada.accessToken));
    await alone.gateway.close();
    await expect(withSecrets(old)).rejects.toThrow('can not be opened');
    await withSecrets(old, next);
    expect(await under()).toEqual([nameOfOld]);
  });

  it('are not taken from another key, nor with another public part, nor changed', async () => {
    const ada = await gate.registerSomebody();
    const [pair] = parseSigningKeyPairs(generateSigningKeys());
    if (pair === undefined) throw new Error('no key');
    const plant = (kid: string, jwk: object) =>
      gate.database.query(
        `INSERT INTO gatehouse.signing_keys (kid, public_jwk, sealed_private_key, sealed_under, created_at, activates_at)
         SELECT $1, $2, sealed_private_key, sealed_under, created_at, activates_at - interval '1 second'
         FROM gatehouse.signing_keys WHERE kid = $3`,
        [kid, JSON.stringify(jwk), kidOf(ada.accessToken)],
      );
    const [own] = await storedKeys(gate.database);
    await plant('planted', pair.jwk);
    // As somebody would bring back a revoked key under another name.
    await plant('copied', own?.publicJwk as object);
    await waitUntil('it is seen', async () => gate.logLines.join('').includes('signing_key_unreadable'));
    for (const [kid, privateKey] of [
      ['planted', pair.privateKey],
      ['copied', privateKeyOf(own as never, gate.parts.keyEncryptionKeys)],
    ] as const) {
      const forged = forgeToken({ ...variantOf(ada.accessToken, { header: { kid } }), privateKey });
      expect([kid, (await gate.me(forged)).errors?.[0]?.extensions.reason]).toEqual([kid, 'TOKEN_INVALID']);
    }
    expect(await publishedKids(gate.url)).toEqual([kidOf(ada.accessToken)]);
    expect((await (await fetch(`${gate.url}/health/ready`)).json()) as object).toMatchObject({
      causes: ['signing_key_unreadable'],
    });
    await gate.database.query(`DELETE FROM gatehouse.signing_keys WHERE kid IN ('planted', 'copied')`);
    await waitUntil('it is ready', () => isReady(gate.url));
    expect((await gate.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
  });

  it('are not taken with a public part that somebody put in the place of theirs', async () => {
    const ada = await gate.registerSomebody();
    const [own] = await storedKeys(gate.database);
    const [pair] = parseSigningKeyPairs(generateSigningKeys());
    const put = (jwk: unknown) =>
      gate.database.query('UPDATE gatehouse.signing_keys SET public_jwk = $1', [JSON.stringify(jwk)]);
    await put({ ...pair?.jwk, kid: own?.kid });
    await expect(gate.startSibling()).rejects.toThrow('can not be opened');
    const forged = forgeToken({ ...variantOf(ada.accessToken, {}), privateKey: pair?.privateKey as never });
    expect((await gate.me(forged)).errors?.[0]?.extensions.reason).toBe('TOKEN_INVALID');
    await put(own?.publicJwk);
    await (await gate.startSibling()).gateway.close();
  });
});

/** RFC 7638 3. */
function canonical({ crv, kty, x, y }: Record<'crv' | 'kty' | 'x' | 'y', string>): string {
  return JSON.stringify({ crv, kty, x, y });
}
