import type { BrowserContext, Page } from 'playwright-core';

declare global {
  interface Window {
    /** What the tap heard. */
    tapped: { answers: string[]; told: string[] };
  }
}

/** Has each page of a context hear, before any script of its own, every answer of fetch and every word between tabs. */
export async function wiretap(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.tapped = { answers: [], told: [] };
    const { answers, told } = window.tapped;
    const machineFetch = window.fetch;
    window.fetch = async (...parameters) => {
      const response = await machineFetch(...parameters);
      answers.push(JSON.stringify([...response.headers]), await response.clone().text());
      return response;
    };
    const post = BroadcastChannel.prototype.postMessage;
    BroadcastChannel.prototype.postMessage = function (message) {
      told.push(JSON.stringify(message));
      post.call(this, message);
    };
  });
}

/** All that script injected into a page can get hold of, as text by where it was found. */
export function allThatScriptReads(page: Page): Promise<Record<string, string>> {
  return page.evaluate(async () => {
    /** What can be reached from the window, each object once: functions and accessors too. */
    const reachable = (): string => {
      const seen = new Set<unknown>();
      const texts: string[] = [];
      const waiting: unknown[] = [window];
      while (waiting.length > 0 && seen.size < 200_000) {
        const value = waiting.pop();
        if (typeof value === 'string') texts.push(value);
        if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) continue;
        seen.add(value);
        for (const name of Reflect.ownKeys(value)) {
          texts.push(String(name));
          try {
            waiting.push(Reflect.get(value, name));
          } catch {
            // An accessor that wants another receiver.
          }
        }
        if (value instanceof Map || value instanceof Set) waiting.push(...value);
      }
      return texts.join('\n');
    };
    const databases = await indexedDB.databases();
    const cacheNames = await caches.keys();
    const cookies = 'cookieStore' in window ? await (window.cookieStore as CookieStore).getAll() : [];
    return {
      cookie: document.cookie,
      cookieStore: JSON.stringify(cookies),
      localStorage: JSON.stringify({ ...localStorage }),
      sessionStorage: JSON.stringify({ ...sessionStorage }),
      databases: JSON.stringify(databases),
      caches: JSON.stringify(cacheNames),
      page: document.documentElement.outerHTML,
      answers: window.tapped.answers.join('\n'),
      told: window.tapped.told.join('\n'),
      window: reachable(),
    };
  });
}
