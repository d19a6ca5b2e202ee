import type { Browser } from 'playwright-core';
import { createClosing } from '../../../dist/src/platform/closing.js';
import { newRefreshTokenSecret } from '../../../dist/test/support/gateway-pair.js';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';
import { type AnswerProxy, startAnswerProxy } from './answer-proxy.js';
import { type AppServer, authPage, type FindFile, startAppServer } from './app-server.js';
import { launchChromium } from './chromium.js';
import { createMovingClock, type MovingClock } from './moving-clock.js';

/** A gateway under production's rules, a network before it, an app of an allowed origin, and a browser. */
export interface Stage {
  gate: TestGateway;
  /** The gateway's. */
  clock: MovingClock;
  proxy: AnswerProxy;
  app: AppServer;
  browser: Browser;
  close(): Promise<void>;
}

/** The name of the refresh cookie under production's rules. */
export const COOKIE_NAME = '__Host-gatehouse-refresh';

/** Sets a stage; `environment` adds to the gateway's settings, `files` replaces the page under test. Where that fails, it leaves nothing open. */
export async function setStage(
  environment: Record<string, string> | ((app: AppServer) => Record<string, string>) = {},
  files: (gateway: () => string) => FindFile = authPage,
): Promise<Stage> {
  const closing = createClosing();
  try {
    const browser = await launchChromium();
    closing.add(() => browser.close());
    const proxy = await startAnswerProxy();
    closing.add(() => proxy.close());
    const app = await startAppServer(files(() => proxy.url));
    closing.add(() => app.close());
    const clock = createMovingClock();
    const more = typeof environment === 'function' ? environment(app) : environment;
    const gate = await startTestGateway({ ...productionSettings(proxy, app), ...more }, { clock });
    closing.add(() => gate.close());
    proxy.target = gate.url;
    return { gate, clock, proxy, app, browser, close: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

/** Of those that production insists on, the test gateway brings its own. */
function productionSettings(proxy: AnswerProxy, app: AppServer): Record<string, string> {
  return {
    NODE_ENV: 'production',
    DATABASE_URL: 'postgresql://brought.invalid/gatehouse',
    REFRESH_TOKEN_SECRETS: newRefreshTokenSecret(),
    SIGNING_KEYS_FILE: 'brought.json',
    PUBLIC_URL: proxy.url,
    ALLOWED_ORIGINS: app.origin,
  };
}
