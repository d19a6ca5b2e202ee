import type { Accept } from './accept.js';
import { AuthClientError } from './auth-client-error.js';
import type { Exclusively } from './exclusively.js';
import { Confirm, RefreshToken, type RefreshTokenMutation } from './generated.js';
import { remainingMs } from './held-token.js';
import type { Memory } from './memory.js';
import { isPassing, retrying } from './retrying.js';
import type { SendOperation } from './send-operation.js';
import type { Tabs } from './tabs.js';
import type { Platform, TokenStorage } from './types.js';

/** How long the word of another tab may be under way, in milliseconds; and how long a page that opens waits for one. */
const WORD_MS = 100;
const FIRST_WORD_MS = 25;

/** Answers an access token that is good for a while, and is not `refused`; null: nobody is signed in. */
export type Refresh = (refused: string | null) => Promise<string | null>;

/** Makes the one refresh that a tab has under way at a time, whoever asks. */
export function createRefresh(needs: {
  platform: Platform;
  storage: TokenStorage | null;
  memory: Memory;
  tabs: Tabs;
  send: SendOperation;
  exclusively: Exclusively;
  accept: Accept;
}): Refresh {
  const { platform, storage, memory, tabs, send, exclusively, accept } = needs;
  const openedAt = platform.monotonicMs();
  let underWay: Promise<string | null> | null = null;

  const exchange = async (refreshToken: string | null): Promise<string> => {
    const variables = { refreshToken };
    const withCookie = storage === null;
    const answer = await send<RefreshTokenMutation>({ query: RefreshToken, variables, withCookie });
    const accessToken = await accept(answer.refreshToken);
    // Whatever the app does with the token, the gateway learns that the answer has arrived.
    void send({ query: Confirm, accessToken }).catch(() => {});
    return accessToken;
  };

  const spend = async (): Promise<string | null> => {
    const refreshToken = (await storage?.get()) ?? null;
    if (storage !== null && refreshToken === null) return memory.signOut('NO_TOKEN');
    try {
      return await exchange(refreshToken);
    } catch (error) {
      if (!(error instanceof AuthClientError && error.code === 'UNAUTHENTICATED')) throw error;
      // Another process of the same app has stored a newer one meanwhile.
      if (storage !== null && (await storage.get()) !== refreshToken) return spend();
      await storage?.remove();
      return memory.signOut(error.extensions.reason === 'NO_TOKEN' ? 'NO_TOKEN' : 'INVALID_GRANT');
    }
  };

  /** Another tab, or a logout, may have settled it while this one waited for its turn. */
  const takeTurn = async (refused: string | null): Promise<string | null> => {
    if (memory.fresh(refused) === null) {
      const isFirst = memory.state.status === 'unknown';
      await tabs.listen(isFirst ? FIRST_WORD_MS - (platform.monotonicMs() - openedAt) : WORD_MS);
    }
    if (memory.state.status === 'signed_out') return null;
    return memory.fresh(refused) ?? spend();
  };

  const renew: Refresh = async (refused) => {
    /** Refreshed ahead of its end, a token is still good for the seconds that are left. */
    const leftOver = () => {
      const { held } = memory;
      return held !== null && held.accessToken !== refused && remainingMs(held, platform) > 0 ? held.accessToken : null;
    };
    const turn = () => exclusively(() => takeTurn(refused), tabs.nextToken());
    try {
      return await (leftOver() === null ? retrying(platform, turn) : turn());
    } catch (error) {
      const accessToken = isPassing(error) ? leftOver() : null;
      if (accessToken === null) throw error;
      return accessToken;
    }
  };
  return (refused) => {
    underWay ??= renew(refused).finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
