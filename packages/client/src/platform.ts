import type { AuthClientOptions, Platform } from './types.js';

/**
 * What a browser, React Native or Node offers. Only what shares a browser's cookies shares with tabs: on a server, two
 * clients are two people.
 */
export function platformHere(delivery: AuthClientOptions['delivery']): Platform {
  const hasTabs = delivery === 'COOKIE' && typeof globalThis.location === 'object';
  return {
    fetch: (url, init) => fetch(url, init),
    locks: (hasTabs && globalThis.navigator?.locks) || null,
    openChannel: hasTabs && typeof BroadcastChannel === 'function' ? (name) => new BroadcastChannel(name) : null,
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    random: () => Math.random(),
    delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}
