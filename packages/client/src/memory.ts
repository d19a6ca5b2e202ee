import { type HeldToken, isFresh } from './held-token.js';
import type { AuthState, Platform, SignedOutReason } from './types.js';

/** Who is signed in here, and their access token; forgotten when the page goes. */
export interface Memory {
  readonly state: AuthState;
  readonly held: HeldToken | null;
  /** The access token, if it is good for a while and not the one that was refused. */
  fresh(refused?: string | null): string | null;
  hold(token: HeldToken): void;
  signOut(reason: SignedOutReason): null;
  onChange(listener: (state: AuthState) => void): () => void;
}

/** Makes a memory that knows nothing yet. */
export function createMemory(platform: Platform): Memory {
  const listeners = new Set<(state: AuthState) => void>();
  let state: AuthState = { status: 'unknown' };
  let held: HeldToken | null = null;
  const become = (next: AuthState) => {
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    for (const listener of [...listeners]) listener(next);
  };
  return {
    get state() {
      return state;
    },
    get held() {
      return held;
    },
    fresh: (refused = null) =>
      held !== null && held.accessToken !== refused && isFresh(held, platform) ? held.accessToken : null,
    hold: (token) => {
      held = token;
      become({ status: 'signed_in', user: token.user });
    },
    signOut: (reason) => {
      held = null;
      become({ status: 'signed_out', reason });
      return null;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
