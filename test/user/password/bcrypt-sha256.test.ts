import { describe, expect, it } from '@jest/globals';
import { compareSync as bcryptCompareSync, hashSync as bcryptHashSync } from 'bcryptjs';
import {
  comparePassword,
  DUMMY_HASH_BYTES,
  dummyPasswordHash,
  hashPassword,
  parsePasswordHash,
} from '../../../src/user/password/bcrypt-sha256.js';

// From the documentation of passlib.hash.bcrypt_sha256.
const PASSLIB_HASHES = [
  '$bcrypt-sha256$v=2,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2',
  '$bcrypt-sha256$v=2,t=2b,r=13$AmytCA45b12VeVg0YdDT3.$IZTbbJKgJlD5IJoCWhuDUqYjnJwNPlO',
];
// From crypt_blowfish's own tests, for the password U*U.
const PLAIN_TAIL = 'CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const SALT = Buffer.from('0123456789abcdef');

function hash(password: string) {
  return hashPassword({ password, cost: 4, salt: SALT });
}

describe('the format bcrypt-sha256', () => {
  it("W2: agrees with passlib's published hashes", () => {
    for (const passwordHash of PASSLIB_HASHES) {
      expect(comparePassword({ password: 'password', passwordHash })).toBe('matches');
    }
    expect(comparePassword({ password: 'passwore', passwordHash: PASSLIB_HASHES[0] ?? '' })).toBe('differs');
  }, 60_000);

  it('tells a password from another, and from itself under another salt', () => {
    expect(comparePassword({ password: 'one', passwordHash: hash('one') })).toBe('matches');
    expect(comparePassword({ password: 'two', passwordHash: hash('one') })).toBe('differs');
    expect(hashPassword({ password: 'one', cost: 4, salt: Buffer.alloc(16, 7) })).not.toBe(hash('one'));
  });

  it('W3: tells passwords apart that differ past their 72nd byte', () => {
    const start = 'a'.repeat(72);
    expect(comparePassword({ password: `${start}X`, passwordHash: hash(`${start}X`) })).toBe('matches');
    for (const password of [`${start}Y`, start, `${start}XX`]) {
      expect(comparePassword({ password, passwordHash: hash(`${start}X`) })).toBe('differs');
    }
  });

  it('W4: tells passwords apart that differ past their 36th two-byte character', () => {
    const start = 'ü'.repeat(36);
    expect(comparePassword({ password: `${start}2`, passwordHash: hash(`${start}1`) })).toBe('differs');
  });

  it('W5: tells passwords apart that differ past a NUL', () => {
    expect(comparePassword({ password: 'abc\0xyz', passwordHash: hash('abc\0def') })).toBe('differs');
  });

  it('W7: tells spaces and case apart', () => {
    for (const password of [' one', 'one ', 'One']) {
      expect(comparePassword({ password, passwordHash: hash('one') })).toBe('differs');
    }
  });

  it('refuses lone surrogates, all of which would have one hash', () => {
    expect(() => hash('a\ud800')).toThrow(RangeError);
    expect(comparePassword({ password: 'a\ud800', passwordHash: hash('a\ufffd') })).toBe('not_comparable');
  });

  it('refuses a salt of another length and a cost out of range, without quoting the password', () => {
    for (const [cost, salt] of [
      [3, SALT],
      [17, SALT],
      [4.5, SALT],
      [4, SALT.subarray(1)],
    ] as const) {
      const attempt = () => hashPassword({ password: 'canary', cost, salt });
      expect(attempt).toThrow(RangeError);
      expect(attempt).not.toThrow(/canary/);
    }
  });
});

describe('imported bcrypt hashes', () => {
  it('verify in the variants 2a, 2b and 2y', () => {
    for (const variant of ['2a', '2b', '2y']) {
      const passwordHash = `$${variant}$05$${PLAIN_TAIL}`;
      expect(comparePassword({ password: 'U*U', passwordHash })).toBe('matches');
      expect(comparePassword({ password: 'U*V', passwordHash })).toBe('differs');
    }
  });

  it('W3: are never matched by a password of more than 72 bytes, which bcrypt would cut', () => {
    const start = 'a'.repeat(72);
    const passwordHash = bcryptHashSync(`${start}X`, 4);
    expect(bcryptCompareSync(`${start}Y`, passwordHash)).toBe(true);
    expect(comparePassword({ password: `${start}Y`, passwordHash })).toBe('not_comparable');
    expect(comparePassword({ password: `${start}X`, passwordHash })).toBe('not_comparable');
    expect(comparePassword({ password: 'ü'.repeat(37), passwordHash })).toBe('not_comparable');
    expect(comparePassword({ password: 'a'.repeat(71), passwordHash })).toBe('differs');
  });

  it('W5: are never matched by a password with a NUL', () => {
    expect(comparePassword({ password: 'U*U\0', passwordHash: `$2b$05$${PLAIN_TAIL}` })).toBe('not_comparable');
  });
});

describe('parsePasswordHash', () => {
  it('takes a hash apart', () => {
    expect(parsePasswordHash(PASSLIB_HASHES[0] ?? '')).toEqual({
      kind: 'bcrypt-sha256',
      cost: 12,
      salt: 'n79VH.0Q2TMWmt3Oqt9uku',
      digest: 'Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2',
    });
    expect(parsePasswordHash(`$2y$05$${PLAIN_TAIL}`)).toEqual({
      kind: 'bcrypt',
      variant: '2y',
      cost: 5,
      salt: PLAIN_TAIL.slice(0, 22),
      digest: PLAIN_TAIL.slice(22),
    });
  });

  it('calls all else malformed', () => {
    const [good = ''] = PASSLIB_HASHES;
    const plain = `$2b$05$${PLAIN_TAIL}`;
    const faults = [
      '',
      'password',
      `${good}\n`,
      `${good}a`,
      ` ${good}`,
      good.slice(0, -1),
      good.replace('v=2', 'v=1'),
      good.replace('t=2b', 't=2x'),
      good.replace('uku$', 'ukv$'),
      good.replace(/2$/, '3'),
      '$bcrypt-sha256$2b,12$LrmaIX5x4TRtAwEfwJZa1.$2ehnw6LvuIUTM0iz4iz9hTxv21B6KFO',
      `${plain}\n`,
      plain.slice(1),
      plain.replace('2b', '2x'),
      plain.replace('2b', '2'),
      '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2E$x',
    ];
    for (const text of faults) expect({ text, ...parsePasswordHash(text) }).toEqual({ text, kind: 'malformed' });
    for (const passwordHash of faults) {
      expect(comparePassword({ password: 'password', passwordHash })).toBe('not_comparable');
    }
  });

  it('takes costs from 4 to 16 only, so that no stored hash can hold a worker', () => {
    const costs = ['0', '00', '3', '03', '4', '04', '5', '16', '17', '20', '31', '99', '-5', '1e1', '+8', ''];
    const kinds = (make: (cost: string) => string) =>
      costs.filter((cost) => parsePasswordHash(make(cost)).kind !== 'malformed');
    expect(
      kinds((cost) => `$bcrypt-sha256$v=2,t=2b,r=${cost}$${PLAIN_TAIL.slice(0, 22)}$${PLAIN_TAIL.slice(22)}`),
    ).toEqual(['4', '5', '16']);
    expect(kinds((cost) => `$2b$${cost}$${PLAIN_TAIL}`)).toEqual(['04', '16']);
  });
});

describe('dummyPasswordHash', () => {
  it('costs a hashing, and no password has it', () => {
    const passwordHash = dummyPasswordHash({ cost: 4, bytes: Buffer.alloc(DUMMY_HASH_BYTES, 0xff) });
    expect(parsePasswordHash(passwordHash)).toMatchObject({ kind: 'bcrypt-sha256', cost: 4 });
    expect(comparePassword({ password: 'password', passwordHash })).toBe('differs');
    expect(() => dummyPasswordHash({ cost: 4, bytes: Buffer.alloc(3) })).toThrow(RangeError);
  });
});
