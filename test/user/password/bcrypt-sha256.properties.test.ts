import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { comparePassword, hashPassword, parsePasswordHash } from '../../../src/user/password/bcrypt-sha256.js';

const password = fc.string({ unit: 'binary', maxLength: 120 }).filter((text) => !/\p{Cs}/u.test(text));
const salt = fc.uint8Array({ minLength: 16, maxLength: 16 });
const hashed = fc.record({ password, salt, cost: fc.constant(4) });

const HASH_CHARACTERS = [...'$./abcXYZ0129=,vtr-'];
const hashLike = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ unit: fc.constantFrom(...HASH_CHARACTERS), maxLength: 80 }).map((text) => `$2b$04$${text}`),
  fc
    .string({ unit: fc.constantFrom(...HASH_CHARACTERS), maxLength: 80 })
    .map((text) => `$bcrypt-sha256$v=2,t=2b,r=4$${text}`),
);

function reassemble(text: string): string {
  const parsed = parsePasswordHash(text);
  if (parsed.kind === 'malformed') return 'malformed';
  if (parsed.kind === 'bcrypt') {
    return `$${parsed.variant}$${String(parsed.cost).padStart(2, '0')}$${parsed.salt}${parsed.digest}`;
  }
  return `$bcrypt-sha256$v=2,t=2b,r=${parsed.cost}$${parsed.salt}$${parsed.digest}`;
}

describe('bcrypt-sha256, of any password', () => {
  it('W2: matches what it was made of', () => {
    fc.assert(
      fc.property(hashed, (given) => {
        expect(comparePassword({ password: given.password, passwordHash: hashPassword(given) })).toBe('matches');
      }),
    );
  });

  it('W3, W4, W5: differs from every other password, however they begin', () => {
    const pair = fc
      .tuple(hashed, password)
      .filter(([given, tail]) => tail !== '' && !/\p{Cs}/u.test(given.password + tail));
    fc.assert(
      fc.property(pair, ([given, tail]) => {
        expect(comparePassword({ password: given.password + tail, passwordHash: hashPassword(given) })).toBe('differs');
      }),
    );
  });

  it('makes hashes that its parser reads and that reassemble to the same text', () => {
    fc.assert(
      fc.property(hashed, (given) => {
        const text = hashPassword(given);
        expect(parsePasswordHash(text)).toMatchObject({ kind: 'bcrypt-sha256', cost: 4 });
        expect(reassemble(text)).toBe(text);
      }),
    );
  });
});

describe('parsePasswordHash, of any text', () => {
  it('never throws, and loses nothing of what it reads', () => {
    fc.assert(
      fc.property(hashLike, (text) => {
        expect(['malformed', text]).toContain(reassemble(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('reads a hash with one character changed as another hash, or not at all', () => {
    fc.assert(
      fc.property(hashed, fc.nat(), fc.constantFrom(...HASH_CHARACTERS, '\n', 'é'), (given, place, character) => {
        const text = hashPassword(given);
        const index = place % text.length;
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        expect(['malformed', changed]).toContain(reassemble(changed));
      }),
    );
  });

  it('I13: refuses hostile repetition', () => {
    fc.assert(
      fc.property(fc.constantFrom(...HASH_CHARACTERS, '$2b$', '$bcrypt-sha256$'), (piece) => {
        expect(parsePasswordHash(piece.repeat(100_000)).kind).toBe('malformed');
        expect(parsePasswordHash(`$2b$04$${piece.repeat(100_000)}`).kind).toBe('malformed');
      }),
    );
  });
});
