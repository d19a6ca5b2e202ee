import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { networkOf } from '../../../src/platform/limits/network.js';

describe('the network of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:c000:0207', '192.0.2.7'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0DB8:0:00:1:2:3:4', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
    ['unknown', 'unknown'],
  ])('B3: of %j is %j', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it('B3: is that of the first four groups, however an IPv6 address is written', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const groups = fc.array(group, { minLength: 8, maxLength: 8 }).filter(([first]) => first !== 0);
    fc.assert(
      fc.property(groups, fc.boolean(), (all, isPadded) => {
        const written = all.map((each) => each.toString(16).padStart(isPadded ? 4 : 1, '0')).join(':');
        const expected = `${all
          .slice(0, 4)
          .map((each) => each.toString(16))
          .join(':')}::/64`;
        expect(networkOf(written)).toBe(expected);
        expect(networkOf(written.toUpperCase())).toBe(expected);
      }),
    );
  });
});
