import { describe, expect, it } from '@jest/globals';
import { checkPassword, normalizePassword } from '../../../src/user/password/password-policy.js';

const EMAIL = 'maryjones@example.org';
const GOOD = 'violet-Tundra 58';

function check(password: string, { email = EMAIL, minLength = 15 } = {}) {
  return checkPassword({ password, email, minLength });
}

function expectWeak(password: string, reasons: string[], options?: { email?: string; minLength?: number }) {
  expect({ password, check: check(password, options) }).toEqual({ password, check: { kind: 'weak', reasons } });
}

function expectAcceptable(password: string, options?: { email?: string; minLength?: number }) {
  const accepted = { kind: 'acceptable', normalized: password.normalize('NFC') };
  expect({ password, check: check(password, options) }).toEqual({ password, check: accepted });
}

describe('checkPassword', () => {
  it('W1: refuses 14 code points and takes 15', () => {
    expectWeak('', ['TOO_SHORT']);
    expectWeak('vqz mdr wlk hf', ['TOO_SHORT']);
    expectAcceptable('vqz mdr wlk hfx');
  });

  it('W1: goes by the minimum it is given', () => {
    expectWeak('vqzmdrw', ['TOO_SHORT'], { minLength: 8 });
    expectAcceptable('vqzmdrwl', { minLength: 8 });
  });

  it('W1: counts code points, after composing them', () => {
    const clefs = '𝄞𝄢𝄡🎹🎻🎷🎺🪕🪗🥁🎸🎵🎶🎼🎤';
    expectAcceptable(clefs);
    expectWeak([...clefs].slice(1).join(''), ['TOO_SHORT']);
    // Fourteen letters once composed, though 28 code points as typed.
    expectWeak('e\u0301'.repeat(7) + 'a\u0308'.repeat(7), ['TOO_SHORT']);
  });

  it('W2: takes 64 and 256 code points, spaces, emoji and all of ASCII', () => {
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
    expectAcceptable(printable);
    expectAcceptable(`${printable}${printable}${printable}`.slice(0, 256));
    expectAcceptable(printable.slice(0, 64));
    expectAcceptable(printable.slice(-64));
    expectAcceptable('wo die 🐈 auf der 🔥 liegt');
    expectAcceptable('лошадь батарея скрепка');
  });

  it('W2: asks for no kind of character', () => {
    expectAcceptable('correct horse battery staple');
    expectAcceptable('correcthorsebatterystaple');
    expectAcceptable('738201948571036');
  });

  it('W3, W4: takes passwords as long as bcrypt would cut', () => {
    expectAcceptable(`${'a'.repeat(72)}X`);
    expectAcceptable(`${'ü'.repeat(36)}1`);
  });

  it('refuses 257 code points as too long, whatever else they are', () => {
    expectWeak(`${GOOD} `.repeat(20).slice(0, 257), ['TOO_LONG']);
    expectWeak('a'.repeat(257), ['TOO_LONG']);
    expectAcceptable(Array.from({ length: 256 }, (_, index) => String.fromCodePoint(0x20000 + index)).join(''));
  });

  it('W9: refuses a megabyte as too long', () => {
    expectWeak('a'.repeat(1_000_000), ['TOO_LONG']);
    expectWeak('e\u0301'.repeat(500_000), ['TOO_LONG']);
    expectWeak('\0'.repeat(1_000_000), ['TOO_LONG']);
  });

  it('counts what shrinks to 256 code points by composition as 256', () => {
    // U+1F82, the character whose decomposition is the longest (four code points), and letters that keep it from repeating.
    const composed = `${'\u1f82'.repeat(241)}${GOOD.slice(0, 15)}`;
    expect(check(composed.normalize('NFD'))).toEqual({ kind: 'acceptable', normalized: composed });
  });

  it('W5: calls control characters, line separators and lone surrogates malformed', () => {
    for (const character of [
      '\0',
      '\t',
      '\r',
      '\n',
      '\x1f',
      '\x7f',
      '\x80',
      '\x9f',
      '\u2028',
      '\u2029',
      '\ud800',
      '\udfff',
    ]) {
      expect(check(`${GOOD}${character}`)).toEqual({ kind: 'malformed' });
      expect(check(`${character}${GOOD}`)).toEqual({ kind: 'malformed' });
    }
  });

  it('W6: hands out the composed form of a decomposed password', () => {
    const composed = 'Äpfel über Öfen legen';
    expect(composed.normalize('NFD')).not.toBe(composed);
    expect(check(composed.normalize('NFD'))).toEqual({ kind: 'acceptable', normalized: composed });
  });

  it('W7: leaves spaces and case as they are', () => {
    expect(check(`  ${GOOD} `)).toEqual({ kind: 'acceptable', normalized: `  ${GOOD} ` });
  });

  it('W7: counts spaces around it', () => {
    expectAcceptable(' vqz mdr wlk h ');
  });

  it('W8: refuses commonly used passwords, in any case', () => {
    expectWeak('passwordpassword', ['COMMON']);
    expectWeak('1QAZ2WSX3EDC4RFV', ['COMMON']);
    expectWeak('PassWord', ['TOO_SHORT', 'COMMON']);
    expectWeak('baseball', ['COMMON'], { minLength: 8 });
  });

  it('W8: refuses a commonly used password that is repeated or padded', () => {
    const padded = ['password1234567', 'Password!!!!!!!', '2024-dragon-2024', '   trustno1   42', 'abc123!!!!!!!!!'];
    const repeated = ['dragondragondragon', 'dragon-dragon-dragon', 'qwerty123qwerty123', 'letmeinletmeinle'];
    for (const password of [...padded, ...repeated]) expectWeak(password, ['COMMON']);
  });

  it('W8: refuses up to three characters repeated', () => {
    for (const unit of ['a', '7', ' ', '🔥', 'xy', 'qzv']) expectWeak(unit.repeat(15), ['COMMON']);
  });

  it('W8: refuses runs of the alphabet, the digits and the keyboard', () => {
    for (const run of [
      'abcdefghijklmno',
      '123456789012345',
      '987654321098765',
      'qwertyuiopasdfg',
      'MNBVCXZLKJHGFDSA',
    ]) {
      expectWeak(run, ['COMMON']);
    }
  });

  it("W8: refuses the product's name, alone, repeated, padded or beside a common password", () => {
    expectWeak('gatehouse', ['COMMON'], { minLength: 8 });
    for (const password of [
      'Gatehouse2024!!!',
      'gatehousegatehouse',
      'gatehouse gatehouse',
      'passwordgatehouse',
      '!!!!!!!GATEHOUSE',
    ]) {
      expectWeak(password, ['COMMON']);
    }
    expectAcceptable('the old gatehouse by the river');
  });

  it("W8: refuses a password with the e-mail's local part of 4 or more characters in it, in any case", () => {
    expectWeak('violet-MaryJones 58', ['CONTAINS_EMAIL']);
    expectWeak('we all love MARY', ['CONTAINS_EMAIL'], { email: 'mary@example.org' });
    expectAcceptable('we all love ann', { email: 'ann@example.org' });
    expectAcceptable('we love example.org');
  });

  it('names every reason at once', () => {
    expectWeak('mary', ['TOO_SHORT', 'COMMON', 'CONTAINS_EMAIL'], { email: 'mary@example.org' });
  });
});

describe('normalizePassword', () => {
  it('W6: gives the same text for both ways to type an accent', () => {
    expect(normalizePassword('caf\u0065\u0301')).toBe('caf\u00e9');
    expect(normalizePassword('caf\u00e9')).toBe('caf\u00e9');
  });

  it('W7: changes nothing else', () => {
    expect(normalizePassword('  A ﬁne Ｗord ')).toBe('  A ﬁne Ｗord ');
    expect(normalizePassword('')).toBe('');
    expect(normalizePassword('x')).toBe('x');
  });

  it('W5, W9: gives null for what no account can have', () => {
    for (const password of ['a'.repeat(257), 'a'.repeat(1_000_000), 'abc\0def', 'a\nb', 'a\u2028b', '\ud800']) {
      expect(normalizePassword(password)).toBeNull();
    }
    expect(normalizePassword('🔥'.repeat(256))).toBe('🔥'.repeat(256));
  });
});
