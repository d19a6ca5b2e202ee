import type { BrowserContext, Page } from 'playwright-core';

declare global {
  interface Window {
    /** How far this page's clocks are off, in milliseconds. */
    clockOffset: { wallMs: number; steadyMs: number };
  }
}

/** Gives every page of a context, from its first script on, clocks that can be moved; the wall clock begins `offMs` off. */
export async function makeClocksMovable(context: BrowserContext, offMs = 0): Promise<void> {
  await context.addInitScript((wallMs) => {
    window.clockOffset = { wallMs, steadyMs: 0 };
    const MachineDate = Date;
    const machineSteady = performance.now.bind(performance);
    const wall = () => MachineDate.now() + window.clockOffset.wallMs;
    globalThis.Date = new Proxy(MachineDate, {
      construct: (target, parts) => Reflect.construct(target, parts.length === 0 ? [wall()] : parts),
      get: (target, name) => (name === 'now' ? wall : Reflect.get(target, name)),
    });
    performance.now = () => machineSteady() + window.clockOffset.steadyMs;
  }, offMs);
}

/** Moves both clocks of a page; `isAsleep`: the wall clock alone, as where a laptop's steady clock stands while it sleeps. */
export async function passInPage(page: Page, seconds: number, { isAsleep = false } = {}): Promise<void> {
  await page.evaluate(
    ([ms, steadyMs]) => {
      window.clockOffset.wallMs += ms;
      window.clockOffset.steadyMs += steadyMs;
    },
    [seconds * 1000, isAsleep ? 0 : seconds * 1000] as const,
  );
}
