import { randomUUID } from 'node:crypto';
import { type AuthClient, type AuthClientOptions, type AuthState, createAuthClient } from '@gatehouse/client';
import { GOOD_PASSWORD } from '../../../../dist/test/support/graphql-client.js';
import type { TestGateway } from '../../../../dist/test/support/test-gateway.js';
import { createDevice, type Device } from './device.js';
import { createMemoryStorage, type MemoryStorage } from './memory-storage.js';

/** An app in body delivery on a device of its own, somebody signed in. */
export interface SignedInApp {
  app: AuthClient;
  /** Starts the app anew, on the same storage. */
  open(options?: { timeoutMs?: number }): AuthClient;
  device: Device;
  storage: MemoryStorage;
  /** All that `onAuthChange` told. */
  changes: AuthState[];
  /** Moves the clocks of the gateway and of the device. */
  pass(seconds: number): void;
  email: string;
  password: string;
  sessionId: string;
}

/** Registers somebody with an app; `options` are the app's. */
export async function signInApp(
  gate: TestGateway,
  appOptions: Pick<AuthClientOptions, 'onStaleAuthentication'> & { deviceStorage?: MemoryStorage } = {},
): Promise<SignedInApp> {
  const credentials = { email: `${randomUUID()}@example.org`, password: GOOD_PASSWORD };
  const device = createDevice({ url: gate.url, origin: gate.url });
  const storage = createMemoryStorage();
  const platform = { ...device.platform, locks: null, openChannel: null };
  const open = (options = {}) =>
    createAuthClient({ url: `${gate.url}/graphql`, delivery: 'BODY', storage, platform, ...appOptions, ...options });
  const app = open();
  const changes: AuthState[] = [];
  app.onAuthChange((state) => changes.push(state));
  const result = await app.register(credentials);
  if (result.__typename !== 'AuthPayload') throw new Error('the registration was refused');
  const pass = (seconds: number) => {
    gate.clock.advance(seconds);
    device.pass(seconds);
  };
  return { app, open, device, storage, changes, pass, ...credentials, sessionId: result.session.id };
}

/** How often an operation was sent. */
export function count({ sent }: Device, operationName: string): number {
  return sent.filter((name) => name === operationName).length;
}
