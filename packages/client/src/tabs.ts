import type { HeldToken } from './held-token.js';
import type { Memory } from './memory.js';
import type { Platform } from './types.js';

type Message =
  | ({ readonly kind: 'token' } & Omit<HeldToken, 'steadyAt'>)
  | { readonly kind: 'logout'; readonly at: number }
  /** A tab that has just opened asks for the access token of those that have one. */
  | { readonly kind: 'ask' };

/** The other tabs of the origin. A refresh token is never told. */
export interface Tabs {
  tellToken(token: HeldToken): void;
  tellLogout(): void;
  /** Resolves at the next token that another tab tells. */
  nextToken(): Promise<void>;
  /** Resolves then too, or after `ms`; at once where no tab can be heard. */
  listen(ms: number): Promise<void>;
  close(): void;
}

/** Opens the channel to the other tabs, asks them for an access token, and keeps the memory as they tell. */
export function openTabs(needs: { platform: Platform; name: string; memory: Memory }): Tabs {
  const { platform, name, memory } = needs;
  const channel = platform.openChannel?.(name) ?? null;
  const post = (message: Message) => channel?.postMessage(message);
  const tellToken = ({ accessToken, user, ttlMs, at }: HeldToken) =>
    post({ kind: 'token', accessToken, user, ttlMs, at });
  let waiting: (() => void)[] = [];
  let lastLogoutAt = 0;

  const hear = (message: Message) => {
    if (message.kind === 'ask') {
      if (memory.held !== null && memory.fresh() !== null) tellToken(memory.held);
      return;
    }
    // The words of two tabs may overtake each other.
    if (message.at < Math.max(lastLogoutAt, memory.held?.at ?? 0)) return;
    if (message.kind === 'logout') {
      lastLogoutAt = message.at;
      memory.signOut('LOGOUT');
      return;
    }
    // Heard late where this tab slept.
    const ageMs = Math.max(0, platform.wallMs() - message.at);
    memory.hold({ ...message, steadyAt: platform.monotonicMs() - ageMs });
    for (const wake of waiting) wake();
    waiting = [];
  };
  if (channel !== null) {
    channel.addEventListener('message', ({ data }) => hear(data as Message));
    post({ kind: 'ask' });
  }
  const nextToken = () => new Promise<void>((resolve) => channel !== null && waiting.push(resolve));
  return {
    tellToken,
    tellLogout: () => post({ kind: 'logout', at: platform.wallMs() }),
    nextToken,
    listen: async (ms) => {
      if (channel !== null && ms > 0) await Promise.race([nextToken(), platform.delay(ms)]);
    },
    close: () => channel?.close(),
  };
}
