import { setTimeout as setTimeoutPromise } from 'node:timers/promises';

const CAP_MS = 20_000;
const PAUSE_MS = 25;

/** Asks again and again until the answer is true; gives up after a time that no healthy machine takes. */
export async function waitUntil(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const endAt = performance.now() + CAP_MS;
  while (!(await isSo())) {
    if (performance.now() > endAt) throw new Error(`waited in vain until ${what}`);
    await setTimeoutPromise(PAUSE_MS);
  }
}
