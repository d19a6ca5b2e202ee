import { isIP, SocketAddress } from 'node:net';

const IPV4_MAPPED = '::ffff:';

/**
 * The client's address in its shortest form: the farthest address of `chain` that is one.
 *
 * @param chain from the socket's address outwards, as far as proxies are trusted.
 */
export function clientAddress(chain: readonly (string | undefined)[]): string {
  // A trusted proxy may hand on what a client wrote: what is no address never gets to storage or logs.
  const address = chain.findLast((entry) => entry !== undefined && isIP(entry) !== 0);
  return address === undefined ? '' : plainAddress(address);
}

function plainAddress(address: string): string {
  if (isIP(address) === 4) return address;
  const [unzoned = ''] = address.split('%');
  const canonical = new SocketAddress({ address: unzoned, family: 'ipv6' }).address;
  const mapped = canonical.startsWith(IPV4_MAPPED) ? canonical.slice(IPV4_MAPPED.length) : '';
  return isIP(mapped) === 4 ? mapped : canonical;
}
