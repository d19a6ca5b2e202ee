import type { AuthState } from '@gatehouse/client';
import { auth } from './auth';

let last = auth.state;
let leavingText: string | null = null;
let notice: string | null = null;

auth.onAuthChange((state) => {
  notice = noticeOf(last, state);
  last = state;
});

/** Why nobody is signed in any more, as a sentence; null: nobody was. */
export function signedOutNotice(): string | null {
  return notice;
}

/** Does what ends this page's session, so that its end surprises nobody here: `text` says what was done. */
export async function leave(work: () => Promise<unknown>, text = 'You are logged out.'): Promise<void> {
  leavingText = text;
  try {
    await work();
  } finally {
    leavingText = null;
  }
}

function noticeOf(before: AuthState, state: AuthState): string | null {
  if (state.status !== 'signed_out') return null;
  if (leavingText !== null) return leavingText;
  switch (state.reason) {
    case 'LOGOUT':
      return 'You were signed out in another tab.';
    case 'INVALID_GRANT':
      return 'Your session has ended. Sign in again.';
    case 'NO_TOKEN':
      return before.status === 'signed_in' ? 'Your session has ended. Sign in again.' : null;
  }
}
