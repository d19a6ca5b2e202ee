/** Tells the worker of this process that a mail was written; without it, mail goes out at the worker's next look. */
export interface MailWake {
  /** To be called after the commit. Costs nothing, and never fails. */
  wake(): void;
  onWake(listener: () => void): void;
}

/** A wake that nobody listens to yet. */
export function createMailWake(): MailWake {
  let listeners: (() => void)[] = [];
  return {
    wake: () => {
      for (const listener of listeners) listener();
    },
    onWake: (listener) => {
      listeners = [...listeners, listener];
    },
  };
}
