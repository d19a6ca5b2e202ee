import type { ClientFacts } from '../audit/audit.js';
import { deviceName } from './device-name.js';

/** The details of a notice: when it happened, on which device, from where. */
export function eventDetails({ at, client }: { at: Date; client: ClientFacts }): Record<string, string> {
  const device = deviceName(client.userAgent);
  return {
    at: at.toISOString(),
    ...(device === null ? {} : { device }),
    ...(client.ipAddress === '' ? {} : { ipAddress: client.ipAddress }),
  };
}
