import type { StaleAuthentication } from '@gatehouse/client';

/** Somebody waits for the user's password. */
export interface PasswordQuestion {
  /** What was wrong with the last one; null: there was none. */
  readonly failure: StaleAuthentication['failure'];
  /** null: the user would rather not. */
  answer(password: string | null): void;
}

let open: PasswordQuestion | null = null;
const listeners = new Set<() => void>();

function become(next: PasswordQuestion | null): void {
  open = next;
  for (const listener of listeners) listener();
}

/** Puts the question to whoever looks at this page; for `onStaleAuthentication`. */
export function askForPassword({ failure }: StaleAuthentication): Promise<string | null> {
  return new Promise((resolve) => {
    const answer = (password: string | null) => {
      become(null);
      resolve(password);
    };
    become({ failure, answer });
  });
}

/** The question that is open, as a store for React. */
export const passwordQuestion = {
  get: () => open,
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
