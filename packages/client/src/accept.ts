import type { SignedInFragment } from './generated.js';
import type { Memory } from './memory.js';
import type { Tabs } from './tabs.js';
import type { Platform, TokenStorage } from './types.js';

/** Takes the tokens of an answer; answers the access token. */
export type Accept = (answer: SignedInFragment) => Promise<string>;

/** The refresh token is stored first: the use of the access token tells the gateway that its answer was not lost. */
export function createAccept(needs: {
  platform: Platform;
  storage: TokenStorage | null;
  deviceStorage: TokenStorage | null;
  memory: Memory;
  tabs: Tabs;
}): Accept {
  const { platform, storage, deviceStorage, memory, tabs } = needs;
  return async ({ accessToken, expiresIn, refreshToken, deviceToken, user }) => {
    if (refreshToken !== null) await storage?.set(refreshToken);
    if (deviceToken !== null) await deviceStorage?.set(deviceToken);
    const now = { at: platform.wallMs(), steadyAt: platform.monotonicMs() };
    const token = { accessToken, user, ttlMs: expiresIn * 1000, ...now };
    memory.hold(token);
    tabs.tellToken(token);
    return accessToken;
  };
}
