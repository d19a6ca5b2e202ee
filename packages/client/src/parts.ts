import type { Memory } from './memory.js';
import type { SendOperation } from './send-operation.js';
import type { Tabs } from './tabs.js';
import type { AuthClient, AuthClientOptions, TokenStorage } from './types.js';

/** What a client is made of, for this package's other entries. */
export interface Parts {
  readonly delivery: AuthClientOptions['delivery'];
  /** null: the refresh token is in a cookie. */
  readonly storage: TokenStorage | null;
  /** null: the device token is in a cookie, or kept nowhere. */
  readonly deviceStorage: TokenStorage | null;
  readonly memory: Memory;
  readonly tabs: Tabs;
  readonly send: SendOperation;
  readonly withToken: WithToken;
}

/** Does `work` with an access token, null where nobody is signed in; once more with another where that is refused. */
export type WithToken = <Result>(work: (accessToken: string | null) => Promise<Result>) => Promise<Result>;

const known = new WeakMap<AuthClient, Parts>();

/** Remembers what a client is made of. */
export function keepParts(client: AuthClient, parts: Parts): AuthClient {
  known.set(client, parts);
  return client;
}

/** What `client` is made of. @throws {TypeError} `createAuthClient` did not make it. */
export function partsOf(client: AuthClient): Parts {
  const parts = known.get(client);
  if (parts === undefined) throw new TypeError('not a client that createAuthClient made');
  return parts;
}
