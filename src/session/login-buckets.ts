import type { Bucket } from '../platform/limits/limit.js';
import { networkOf } from '../platform/limits/network.js';
import type { KnownDevice } from './device/device-token.js';

/**
 * Whose tries a login counts among. On a known device its own alone: whatever strangers do to an account, its owner has tries
 * left. All others count by the address that they name, whether or not anybody has it.
 */
export function loginBuckets(needs: { address: string; device: KnownDevice | null; ipAddress: string }): Bucket[] {
  const { address, device, ipAddress } = needs;
  if (device !== null) return [{ limit: 'LOGIN_DEVICE', key: `${device.deviceId} ${device.userId}` }];
  const network = networkOf(ipAddress);
  return [
    { limit: 'LOGIN_ACCOUNT_NETWORK', key: `${network} ${address}` },
    { limit: 'LOGIN_NETWORK', key: network },
    { limit: 'LOGIN_ACCOUNT_UNKNOWN_DEVICES', key: address },
  ];
}
