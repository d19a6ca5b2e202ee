import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseEmailAddress } from '../../src/user/email-address.js';

const ATEXT = [..."abcXYZ019!#$%&'*+-/=?^_`{|}~"];
const DOMAIN_CHARACTERS = [...'abcXYZ019-_%ßüΣςİаи点א💩\u00ad\u200d\u212a\u3002\ufe0f'];

const localPart = fc
  .array(fc.string({ unit: fc.constantFrom(...ATEXT), minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 })
  .map((atoms) => atoms.join('.'));
const domain = fc
  .array(fc.string({ unit: fc.constantFrom(...DOMAIN_CHARACTERS), minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((labels) => [...labels, 'com'].join('.'));
const nearlyAddress = fc.tuple(localPart, domain).map(([local, host]) => `${local}@${host}`);
const anyText = fc.oneof(nearlyAddress, fc.emailAddress(), fc.string({ unit: 'binary', maxLength: 300 }));

describe('parseEmailAddress, of any text', () => {
  it('never throws', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(['email', 'malformed']).toContain(parseEmailAddress(text).kind);
      }),
    );
  });

  it('takes plain addresses', () => {
    const plainDomain = fc.domain().filter((host) => !host.includes('--'));
    fc.assert(
      fc.property(localPart, plainDomain, (local, host) => {
        expect(parseEmailAddress(`${local}@${host}`)).toEqual({
          kind: 'email',
          address: `${local}@${host}`.toLowerCase(),
        });
      }),
    );
  });

  it('gives a form that reads as itself, in lower-case ASCII, of one local part and one domain', () => {
    let seen = 0;
    fc.assert(
      fc.property(anyText, (text) => {
        const parsed = parseEmailAddress(text);
        if (parsed.kind === 'malformed') return;
        seen += 1;
        expect(parseEmailAddress(parsed.address)).toEqual(parsed);
        expect(parsed.address).toMatch(/^[!-~]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+$/);
        expect(parsed.address).toBe(parsed.address.toLowerCase());
        expect(parsed.address.length).toBeLessThanOrEqual(254);
        expect(parsed.address.split('@')).toHaveLength(2);
      }),
      { numRuns: 500 },
    );
    expect(seen).toBeGreaterThan(20);
  });

  it('does not tell upper from lower case, nor spaces around it', () => {
    fc.assert(
      fc.property(localPart, fc.domain(), fc.nat(5), (local, host, spaces) => {
        const text = `${local}@${host}`;
        expect(parseEmailAddress(`${' '.repeat(spaces)}${text.toUpperCase()} `)).toEqual(parseEmailAddress(text));
      }),
    );
  });

  it('I6: takes no control character, wherever it is put', () => {
    const control = fc.constantFrom('\r', '\n', '\0', '\u2028', '\u2029', '\t', '\x7f', '\ud800');
    fc.assert(
      fc.property(fc.emailAddress(), control, fc.nat(), (address, character, place) => {
        const index = place % (address.length + 1);
        const text = address.slice(0, index) + character + address.slice(index);
        expect(parseEmailAddress(text)).toEqual({ kind: 'malformed' });
      }),
    );
  });

  it('I13: refuses hostile repetition of any piece, however long', () => {
    const piece = fc.constantFrom(
      'a',
      'a.',
      '.',
      '@',
      'a@',
      'a@a.',
      ' ',
      '"',
      '(',
      'ü.',
      'xn--',
      '\u0301',
      '-',
      '\u3002',
    );
    fc.assert(
      fc.property(piece, piece, fc.integer({ min: 10_000, max: 100_000 }), (start, repeated, times) => {
        expect(parseEmailAddress(`${start}${repeated.repeat(times)}@x.io`).kind).toBe('malformed');
        expect(parseEmailAddress(`a@${start}${repeated.repeat(times)}.io`).kind).toBe('malformed');
        // As long as is looked at at all.
        parseEmailAddress(`a@${start}${repeated.repeat(1000)}`.slice(0, 1024));
      }),
      { numRuns: 200 },
    );
  });
});
