import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GOOD_PASSWORD } from '../../dist/test/support/graphql-client.js';
import { waitUntil } from '../../dist/test/support/wait-until.js';
import { type Stage, setStage } from './support/stage.js';
import { openTab, registerIn, signedInTabs, stateOf, whoIs } from './support/tabs.js';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.close());

describe('what one tab does, seen by another', () => {
  it('logs out in all tabs, which from then on ask as nobody', async () => {
    const { context, tabs, first, isAlive } = await signedInTabs(stage, 3);
    for (const tab of tabs) await whoIs(tab);
    await first.evaluate(() => window.auth.logout());
    for (const tab of tabs) {
      await waitUntil('the tab knows', async () => (await stateOf(tab)) === 'signed_out LOGOUT');
      const told = await tab.evaluate(() => window.changes.filter(({ status }) => status === 'signed_out'));
      expect(told).toEqual([{ status: 'signed_out', reason: 'LOGOUT' }]);
      expect(await tab.evaluate(() => window.auth.getAccessToken())).toBeNull();
      expect(await whoIs(tab)).toBeNull();
    }
    expect(await isAlive()).toBe(false);
    expect((await context.cookies()).map(({ name }) => name)).toEqual(['__Host-gatehouse-device']);
  });

  it('stays logged out through a reload, and in a tab that is opened afterwards', async () => {
    const { context, first } = await signedInTabs(stage, 2);
    await first.evaluate(() => window.auth.logout());
    await first.reload();
    expect(await whoIs(first)).toBeNull();
    const opened = await openTab(context, stage.app.origin);
    expect(await whoIs(opened)).toBeNull();
    expect(await stateOf(opened)).toBe('signed_out NO_TOKEN');
  });

  it('does not log out another browser of the same user', async () => {
    const { first, email } = await signedInTabs(stage);
    const elsewhere = await openTab(await stage.browser.newContext(), stage.app.origin);
    await elsewhere.evaluate((given) => window.auth.login(given), { email, password: GOOD_PASSWORD });
    await first.evaluate(() => window.auth.logout());
    expect(await whoIs(elsewhere)).toBe(email);
    await elsewhere.reload();
    expect(await whoIs(elsewhere)).toBe(email);
  });

  it('signs in in a tab that was signed out', async () => {
    const context = await stage.browser.newContext();
    const tabs = [await openTab(context, stage.app.origin), await openTab(context, stage.app.origin)] as const;
    for (const tab of tabs) expect(await whoIs(tab)).toBeNull();
    const { email } = await registerIn(tabs[0]);
    await waitUntil('the other tab knows', async () => (await stateOf(tabs[1])) === 'signed_in');
    expect(await whoIs(tabs[1])).toBe(email);
  });

  it("shows another user's login, and ends the session whose cookie it took the place of", async () => {
    const { tabs, first, email, isAlive } = await signedInTabs(stage, 2);
    const [, second] = tabs;
    if (second === undefined) throw new Error('no second tab');
    expect(await whoIs(second)).toBe(email);
    const other = await registerIn(first);
    const shown = () =>
      second.evaluate(() => (window.auth.state.status === 'signed_in' ? window.auth.state.user.email : null));
    await waitUntil('the other tab shows it', async () => (await shown()) === other.email);
    expect(await whoIs(second)).toBe(other.email);
    expect(await isAlive()).toBe(false);
  });

  it('learns from the gateway that its session was ended elsewhere, and says so', async () => {
    const { first, email } = await signedInTabs(stage);
    const elsewhere = await stage.gate.login({ email, password: GOOD_PASSWORD });
    await stage.gate.send('mutation { endOtherSessions }', {}, { accessToken: elsewhere.accessToken });
    expect(await whoIs(first)).toBeNull();
    expect(await stateOf(first)).toBe('signed_out INVALID_GRANT');
  });
});
