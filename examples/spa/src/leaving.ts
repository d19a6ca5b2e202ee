import type { AuthState } from '@gatehouse/client';
import { auth } from './auth';

let last = auth.state;
let isLeaving = false;
let notice: string | null = null;

auth.onAuthChange((state) => {
  notice = noticeOf(last, state);
  last = state;
});

/** Why nobody is signed in any more, as a sentence; null: nobody was. */
export function signedOutNotice(): string | null {
  return notice;
}

/** Does what ends this page's session, so that its end surprises nobody here. */
export async function leave(work: () => Promise<unknown>): Promise<void> {
  isLeaving = true;
  try {
    await work();
  } finally {
    isLeaving = false;
  }
}

function noticeOf(before: AuthState, state: AuthState): string | null {
  if (state.status !== 'signed_out') return null;
  if (isLeaving) return 'You are logged out.';
  switch (state.reason) {
    case 'LOGOUT':
      return 'You were signed out in another tab.';
    case 'INVALID_GRANT':
      return 'Your session has ended. Sign in again.';
    case 'NO_TOKEN':
      return before.status === 'signed_in' ? 'Your session has ended. Sign in again.' : null;
  }
}
