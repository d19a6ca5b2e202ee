import { BlockList, isIPv6 } from 'node:net';

const MAPPED = new BlockList();
MAPPED.addSubnet('::ffff:0:0', 96, 'ipv6');

/** Eight groups of four digits, of any spelling of an IPv6 address. */
function groupsOf(address: string): string[] {
  // The WHATWG URL parser writes an address in one way only (RFC 5952).
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  return [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
}

function mappedIpv4(groups: readonly string[]): string {
  const [high, low] = groups.slice(6).map((group) => Number.parseInt(group, 16)) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/**
 * The network that an address counts as: IPv4 by itself, also where it is written in IPv6 (RFC 4291 2.5.5.2); of IPv6 the
 * first 64 bits, of which one household or host has all. What is no address counts as itself.
 */
export function networkOf(ipAddress: string): string {
  const [address = ''] = ipAddress.split('%');
  if (!isIPv6(address)) return ipAddress;
  const groups = groupsOf(address);
  return MAPPED.check(address, 'ipv6') ? mappedIpv4(groups) : `${groups.slice(0, 4).join(':')}::/64`;
}
