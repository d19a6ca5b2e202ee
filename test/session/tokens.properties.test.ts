import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../src/platform/clock.js';
import { systemRandom } from '../../src/platform/random.js';
import { createAuthenticate } from '../../src/session/access-token/authenticate.js';
import { generateSigningKeys, parseSigningKeys } from '../../src/session/access-token/signing-keys.js';
import { createVerifyAccessToken } from '../../src/session/access-token/verify-access-token.js';
import { createRefreshTokenCodec } from '../../src/session/refresh-token.js';
import { createRevocationList } from '../../src/session/revocation/revocation-list.js';

const random = systemRandom(systemClock);
const codec = createRefreshTokenCodec([random.bytes(32), random.bytes(32)]);
const salt = random.bytes(32);
const claims = fc.record({
  userId: fc.uuid(),
  sessionId: fc.uuid(),
  generation: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});

describe('the parser of refresh tokens', () => {
  it('reads back what was derived, and only with the salt of its session', () => {
    fc.assert(
      fc.property(claims, fc.uint8Array({ minLength: 32, maxLength: 32 }), (given, other) => {
        const token = codec.parse(codec.derive(given, salt));
        expect(token).toMatchObject(given);
        if (token === null) return;
        expect(codec.isGenuine(token, salt)).toBe(true);
        expect(codec.isGenuine(token, Buffer.from(other))).toBe(Buffer.from(other).equals(salt));
      }),
    );
  });

  it('takes any text without throwing, and nothing but our tokens for a token', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ maxLength: 120 }).map((text) => `ghr_${text}`),
      fc.uint8Array({ minLength: 72, maxLength: 72 }).map((bytes) => `ghr_${Buffer.from(bytes).toString('base64url')}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const token = codec.parse(text);
        // Of the right form by chance, it still fails its MAC.
        expect(token !== null && codec.isGenuine(token, salt)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses a token in which any one character was changed, dropped or added', () => {
    const change = fc.record({ given: claims, at: fc.nat(99), sign: fc.string({ minLength: 1, maxLength: 1 }) });
    fc.assert(
      fc.property(change, fc.constantFrom('replace', 'drop', 'add'), ({ given, at, sign }, how) => {
        const text = codec.derive(given, salt);
        const rest = text.slice(how === 'add' ? at : at + 1);
        const changed = text.slice(0, at) + (how === 'drop' ? '' : sign) + rest;
        fc.pre(changed !== text);
        const token = codec.parse(changed);
        expect(token !== null && codec.isGenuine(token, salt)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the reader of Authorization headers', () => {
  const clock = systemClock;
  const keys = parseSigningKeys(generateSigningKeys());
  const seen: unknown[] = [];
  const authenticate = createAuthenticate({
    verify: createVerifyAccessToken({ keys, issuer: 'i', audience: 'a', clock }),
    revocations: createRevocationList({ clock, onUserChanged: () => undefined }),
    isFeedBehind: () => false,
    onSeen: (identity) => seen.push(identity),
  });

  it('never throws and never authenticates what was not signed', () => {
    const part = fc.string({ unit: 'binary', maxLength: 60 });
    const json = fc.json().map((text) => Buffer.from(text).toString('base64url'));
    const headers = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc
        .tuple(fc.constantFrom('Bearer ', 'bearer ', 'BEARER  ', 'Bearer', 'Basic '), part)
        .map((parts) => parts.join('')),
      fc.tuple(json, json, part).map((parts) => `Bearer ${parts.join('.')}`),
    );
    fc.assert(
      fc.property(headers, (header) => {
        // A scheme is a token (RFC 9110 5.6.2): what follows it is no part of one.
        const isBearer = /^bearer(?![\w!#$%&'*+.^`|~-])/i.test(header);
        expect(authenticate(header)).toEqual(
          isBearer ? { state: 'rejected', reason: 'TOKEN_INVALID' } : { state: 'anonymous' },
        );
        expect(seen).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('J9: refuses a token of a megabyte without looking into it', () => {
    expect(authenticate(`Bearer ${'a'.repeat(1_000_000)}`)).toEqual({ state: 'rejected', reason: 'TOKEN_INVALID' });
    expect(authenticate(`Bearer ${'a.'.repeat(500_000)}`)).toEqual({ state: 'rejected', reason: 'TOKEN_INVALID' });
  });
});
