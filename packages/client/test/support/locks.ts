import type { Platform } from '@gatehouse/client';

/** Exclusive locks by name, first come first served, as Web Locks grant them. */
export function createLocks(): NonNullable<Platform['locks']> {
  const tails = new Map<string, Promise<unknown>>();
  const request = async (name: string, options: LockOptions, work: (lock: Lock | null) => unknown) => {
    const before = tails.get(name) ?? Promise.resolve();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    tails.set(
      name,
      before.then(() => held),
    );
    try {
      await Promise.race([before, aborted(options.signal)]);
      return await work(null);
    } finally {
      release();
    }
  };
  return { request } as NonNullable<Platform['locks']>;
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new DOMException('the wait was given up', 'AbortError')));
  });
}
