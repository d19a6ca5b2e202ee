import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { createDeployment, type Deployment } from '../../dist/test/support/gateway-pair.js';
import type { GatewayProcess } from '../../dist/test/support/gateway-process.js';
import { type AppServer, authPage, startAppServer } from './support/app-server.js';
import { launchChromium } from './support/chromium.js';
import { signedInTabs, stateOf, wasSignedOut, whoIs } from './support/tabs.js';

let deployment: Deployment;
let app: AppServer;
let browser: Browser;
let gateway: GatewayProcess;
let start: () => Promise<GatewayProcess>;
beforeAll(async () => {
  browser = await launchChromium();
  deployment = await createDeployment();
  const port = String(await freePort());
  const url = `http://localhost:${port}`;
  app = await startAppServer(authPage(() => url));
  start = () =>
    deployment.start({
      NODE_ENV: 'production',
      SMTP_URL: 'none',
      PORT: port,
      PUBLIC_URL: url,
      ALLOWED_ORIGINS: app.origin,
    });
  gateway = await start();
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await deployment?.close();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe.each(['SIGTERM', 'SIGKILL'] as const)('a page whose gateway is restarted by %s', (signal) => {
  it('is not logged out meanwhile, and goes on afterwards', async () => {
    const { tabs, first, email, isAlive } = await signedInTabs({ browser, app, gate: deployment }, 2);
    for (const tab of tabs) expect(await whoIs(tab)).toBe(email);
    await gateway.stop(signal);
    const renewed = first.evaluate(() =>
      window.auth.renewAccessToken(window.auth.peekAccessToken()).catch(({ code }) => code),
    );
    expect(await renewed).toBe('UNREACHABLE');
    for (const tab of tabs) expect(await stateOf(tab)).toBe('signed_in');
    gateway = await start();
    for (const tab of tabs) expect(await whoIs(tab)).toBe(email);
    await first.reload();
    expect(await whoIs(first)).toBe(email);
    for (const tab of tabs) expect(await wasSignedOut(tab)).toBe(false);
    expect(await isAlive()).toBe(true);
  });

  it('gets its data without asking again where the gateway is back in time', async () => {
    const { first, email, generation } = await signedInTabs({ browser, app, gate: deployment });
    await first.reload();
    await gateway.stop(signal);
    const asked = whoIs(first);
    gateway = await start();
    expect(await asked).toBe(email);
    expect(await generation()).toBe(1);
  });
});
