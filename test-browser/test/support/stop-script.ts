import type { Page } from 'playwright-core';

/**
 * Stops a page's script at its next statement, as where a browser freezes a tab or a laptop falls asleep; what it holds, it
 * keeps. Answers how to let it go on. (DevTools' own `Page.setWebLifecycleState` does nothing in a headless Chromium.)
 */
export async function stopScript(page: Page): Promise<() => Promise<void>> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Debugger.enable');
  await devtools.send('Debugger.pause');
  return () => devtools.detach();
}
