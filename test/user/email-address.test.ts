import { describe, expect, it } from '@jest/globals';
import { parseEmailAddress } from '../../src/user/email-address.js';

const MALFORMED = { kind: 'malformed' };

function expectAddress(text: string, address: string) {
  expect({ text, parsed: parseEmailAddress(text) }).toEqual({ text, parsed: { kind: 'email', address } });
}

function expectMalformed(...texts: string[]) {
  for (const text of texts) expect({ text, parsed: parseEmailAddress(text) }).toEqual({ text, parsed: MALFORMED });
}

describe('parseEmailAddress', () => {
  it('I1: reads A@x.io and a@x.io as one address', () => {
    expectAddress('A@X.io', 'a@x.io');
    expectAddress('a@x.io', 'a@x.io');
  });

  it('takes spaces around it away, and nothing else', () => {
    expectAddress('  a@x.io ', 'a@x.io');
    expectMalformed('a @x.io', 'a@ x.io', '\u00a0a@x.io', '\ta@x.io', ' ', '');
  });

  it('takes every character of a dot-atom (RFC 5322 3.2.3)', () => {
    expectAddress("O'Brien+Tag_1@x.io", "o'brien+tag_1@x.io");
    expectAddress("!#$%&'*+-/=?^_`{|}~@x.io", "!#$%&'*+-/=?^_`{|}~@x.io");
    expectMalformed('.a@x.io', 'a.@x.io', 'a..b@x.io', '@x.io', 'a,b@x.io', 'a;b@x.io', 'a:b@x.io', 'a\\b@x.io');
  });

  it('I3: refuses other characters for the at sign', () => {
    expectMalformed('a\uff20x.io', 'a\ufe6bx.io', 'a\uff20b@x.io', 'a@b\ufe6bx.io');
  });

  it('I4: refuses look-alikes that lower-casing or compatibility forms would turn into ASCII', () => {
    // The Kelvin sign, long s, a full-width letter and a ligature.
    expectMalformed('\u212aelvin@x.io', 'kelvin@\u212a.io', '\u017fam@x.io', '\uff41@x.io', 'a@\ufb01n.io', 'ä@x.io');
  });

  it('I5: refuses lists, quoted local parts, comments and several at signs', () => {
    expectMalformed('a@x,b@y', 'a@x.io,b@y.io', '"e@evil"@v.com', '"e"@v.com', 'a(c)@v.com', 'a@v.com(c)', 'a@b@v.com');
    expectMalformed('<a@v.com>', 'A <a@v.com>', 'mailto:a@v.com');
  });

  it('I5: stores an international domain in punycode, whichever way it is written', () => {
    for (const text of ['a@bücher.de', 'a@BÜCHER.DE', 'a@xn--bcher-kva.de', 'A@XN--BCHER-KVA.DE']) {
      expectAddress(text, 'a@xn--bcher-kva.de');
    }
    expectAddress('a@faß.de', 'a@xn--fa-hia.de');
    expectAddress('a@点看.コム', 'a@xn--3pxu8k.xn--tckwe');
  });

  it('I5: refuses domains that a converter would change silently', () => {
    // A soft hyphen, a zero-width space, a variation selector, an ideographic full stop, percent-encoding.
    expectMalformed('a@a\u00adb.com', 'a@a\u200bb.com', 'a@z\ufe0f.com', 'a@a\u3002com', 'a@%41.com', 'a@ü%2e.com');
    expectMalformed(
      'a@x.io/b',
      'a@x.io?b',
      'a@x.io#b',
      'a@x.io:25',
      'a@ü.io/b',
      'a@ü.io:25',
      'a@xn--a.com',
      'a@xn--.com',
    );
  });

  it('I5: refuses addresses of machines and single labels', () => {
    expectMalformed(
      'a@1.2.3.4',
      'a@1.2.3',
      'a@0x7f.1',
      'a@a.0x7f',
      'a@x.1',
      'a@[1.2.3.4]',
      'a@[::1]',
      'a@localhost',
      'a@x.io.',
    );
    expectMalformed('a@-x.io', 'a@x-.io', 'a@x_y.io', 'a@.io', 'a@x..io', 'a@');
  });

  it('I6: refuses CR, LF, NUL, U+2028 and lone surrogates wherever they stand', () => {
    for (const character of ['\r', '\n', '\r\n', '\0', '\u2028', '\u2029', '\x7f', '\x85', '\ud800', '\udc00']) {
      expectMalformed(`${character}a@x.io`, `a@x.io${character}`, `a${character}b@x.io`, `a@x${character}y.io`);
      expectMalformed(`a@x.io ${character}`, `a@ü${character}.io`, `a@x.io${character}Bcc: b@y.io`);
    }
  });

  it('takes a local part of 64 characters and an address of 254, and not one more', () => {
    expectAddress(`${'a'.repeat(64)}@x.io`, `${'a'.repeat(64)}@x.io`);
    expectMalformed(`${'a'.repeat(65)}@x.io`);
    const label = 'b'.repeat(63);
    const longest = `a@${label}.${label}.${label}.${'c'.repeat(57)}.io`;
    expect(longest).toHaveLength(254);
    expectAddress(longest, longest);
    expectMalformed(`a${longest}`, `a@${'b'.repeat(64)}.io`);
  });

  it('counts an international domain as it is stored', () => {
    const label = 'ü'.repeat(56);
    // As typed 232 characters, in punycode 256.
    expectMalformed(`a@${label}.${label}.${label}.${label}.io`);
    expect(parseEmailAddress(`a@${label}.${label}.${label}.io`).kind).toBe('email');
    expectMalformed(`a@${'ü'.repeat(60)}.io`);
  });

  it('I13: refuses huge input', () => {
    expectMalformed(
      `${'a'.repeat(100_000)}@x.io`,
      `a@${'a.'.repeat(10_000)}com`,
      ' '.repeat(100_000),
      '@'.repeat(100_000),
    );
  });
});
