/** What was opened, to be closed in the opposite order. */
export interface Closing {
  add(close: () => Promise<void> | void): void;
  /** Closes everything once; a second call waits for the first. */
  close(): Promise<void>;
}

/** Nothing opened yet. Where closing one thing fails, the others are closed all the same; the first fault counts. */
export function createClosing(): Closing {
  const opened: (() => Promise<void> | void)[] = [];
  let closed: Promise<void> | null = null;
  const closeAll = async () => {
    const faults: unknown[] = [];
    for (const close of opened.reverse()) {
      try {
        await close();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw faults[0];
  };
  return {
    add: (close) => opened.push(close),
    close: () => {
      closed ??= closeAll();
      return closed;
    },
  };
}
