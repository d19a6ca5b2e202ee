/** What was opened, to be closed in the opposite order. */
export interface Closing {
  add(close: () => Promise<void> | void): void;
  /** Closes what was added and is not closed; a second call waits for the first, and closes what has come since. */
  close(): Promise<void>;
  /** Whether `close` was called: what opens now is to be closed at once. */
  hasBegun(): boolean;
}

/** Nothing opened yet. Where closing one thing fails, the others are closed all the same; the first fault counts. */
export function createClosing(): Closing {
  const opened: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | null = null;
  const closeAll = async (before: Promise<void> | null) => {
    const faults: unknown[] = [];
    const noting = (error: unknown) => void faults.push(error);
    await before?.catch(noting);
    for (const close of opened.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        noting(error);
      }
    }
    if (faults.length > 0) throw faults[0];
  };
  return {
    add: (close) => opened.push(close),
    close: () => {
      closing = closeAll(closing);
      return closing;
    },
    hasBegun: () => closing !== null,
  };
}
