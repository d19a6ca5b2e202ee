import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRefreshCookie } from '../../src/session/refresh-cookie.js';
import { createFakeClock } from '../support/fake-clock.js';

const NAME = '__Host-gatehouse-refresh';
const clock = createFakeClock();
const cookie = createRefreshCookie({ isSecure: true, sameSite: 'strict', clock });
const plain = createRefreshCookie({ isSecure: false, sameSite: 'lax', clock });
const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000);

describe('the cookie of a refresh token', () => {
  it('C5: has exactly these attributes, and no Domain', () => {
    expect(cookie.keep({ refreshToken: 'ghr_a-_1', expiresAt: inSeconds(60) })).toBe(
      `${NAME}=ghr_a-_1; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Strict`,
    );
    expect(plain.keep({ refreshToken: 'ghr_a', expiresAt: inSeconds(60) })).toBe(
      'gatehouse-refresh=ghr_a; Max-Age=60; Path=/; HttpOnly; SameSite=Lax',
    );
  });

  it('C5: lives whole seconds, never none', () => {
    const lifetime = (seconds: number) =>
      /Max-Age=([^;]+)/.exec(cookie.keep({ refreshToken: 'x', expiresAt: inSeconds(seconds) }))?.[1];
    expect([0.001, 1, 59.4, 2_592_000].map(lifetime)).toEqual(['1', '1', '60', '2592000']);
  });

  it('C9: is cleared with the same attributes', () => {
    const attributesOf = (setCookie: string) =>
      setCookie.split('; ').filter((part) => !/^(\S+refresh|Max-Age)=/.test(part));
    for (const each of [cookie, plain]) {
      const kept = each.keep({ refreshToken: 'x', expiresAt: inSeconds(60) });
      expect(attributesOf(each.clear())).toEqual(attributesOf(kept));
      expect(each.clear().split('=')[0]).toBe(kept.split('=')[0]);
    }
    expect(cookie.clear()).toBe(`${NAME}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict`);
  });
});

describe('reading a Cookie header', () => {
  const OURS: [what: string, header: string, values: string[]][] = [
    ['alone', `${NAME}=a`, ['a']],
    ['among others', `x=1; ${NAME}=a; y=2`, ['a']],
    ['without spaces', `x=1;${NAME}=a;y=2`, ['a']],
    ['with spaces and tabs', ` \t${NAME} \t= \ta\t ;`, ['a']],
    ['empty', `${NAME}=`, ['']],
    ['with more equals signs', `${NAME}=a=b==`, ['a=b==']],
    ['twice the same', `${NAME}=a; ${NAME}=a`, ['a']],
    ['several, in their order', `${NAME}=b; ${NAME}=a; ${NAME}=b; ${NAME}=c`, ['b', 'a', 'c']],
    ['an empty one beside it', `${NAME}=; ${NAME}=a`, ['', 'a']],
    ['not unquoted', `${NAME}="a"`, ['"a"']],
    ['not decoded', `${NAME}=%61%3B`, ['%61%3B']],
    ['not cut at a comma', `${NAME}=a, b=c`, ['a, b=c']],
    ['old attributes are cookies of their own', `$Version=1; ${NAME}=a; $Path=/; $Domain=evil.test`, ['a']],
    ['a quote hides nothing', `x="; ${NAME}=a; y="`, ['a']],
  ];
  it.each(OURS)('C5: finds ours: %s', (_what, header, values) => {
    expect(cookie.read(header)).toEqual(values);
  });

  const FOREIGN = [
    '',
    ';;;',
    NAME,
    `${NAME.toLowerCase()}=a`,
    `${NAME.toUpperCase()}=a`,
    `__host-gatehouse-refresh=a`,
    `__Secure-gatehouse-refresh=a`,
    'gatehouse-refresh=a',
    `x${NAME}=a`,
    `${NAME}x=a`,
    `"${NAME}"=a`,
    `$${NAME}=a`,
    // Nameless: the first equals sign ends the name.
    `=${NAME}=a`,
    ` =${NAME}=a`,
    `x=${NAME}=a`,
    `x=1, ${NAME}=a`,
    `x=1%3B ${NAME}=a`,
    `%5F_Host-gatehouse-refresh=a`,
    '__proto__=a; constructor=b; toString=c',
    // Spaces to String.trim(), and parts of a name to every browser.
    ...['\u00a0', '\u0085', '\ufeff', '\u2003', '\u000b', '\f', '\u00ad'].flatMap((odd) => [
      `${odd}${NAME}=a`,
      `${NAME}${odd}=a`,
    ]),
  ];
  it.each(FOREIGN)('C5: takes no other name for ours: %j', (header) => {
    expect(cookie.read(header)).toEqual([]);
  });

  it('C5: knows no cookie where there is no header, and each of the two names only where it is its own', () => {
    expect(cookie.read(null)).toEqual([]);
    expect(plain.read(`${NAME}=a`)).toEqual([]);
    expect(plain.read('gatehouse-refresh=a')).toEqual(['a']);
  });

  it('C5: reads back what it set, whatever stands beside it, and nothing but', () => {
    const octet = fc.constantFrom(...'abz019-_.%"\'$,=~ \t\u00a0ÿ');
    const text = fc.array(octet, { maxLength: 12 }).map((octets) => octets.join(''));
    const pairs = fc.array(fc.tuple(text, text), { maxLength: 8 });
    const token = fc.stringMatching(/^ghr_[A-Za-z0-9_-]{1,40}$/);
    fc.assert(
      fc.property(pairs, pairs, token, (before, after, refreshToken) => {
        const [set = ''] = cookie.keep({ refreshToken, expiresAt: inSeconds(60) }).split(';');
        const written = (list: [string, string][]) => list.map(([name, value]) => `${name}=${value}`);
        expect(cookie.read([...written(before), set, ...written(after)].join('; '))).toEqual([refreshToken]);
        expect(cookie.read([...written(before), ...written(after)].join('; '))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
