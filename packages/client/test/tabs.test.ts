import type { AuthClient, AuthState, Platform } from '@gatehouse/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GOOD_PASSWORD } from '../../../dist/test/support/graphql-client.js';
import { claimsOf, sessionRow } from '../../../dist/test/support/session-facts.js';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';
import { waitUntil } from '../../../dist/test/support/wait-until.js';
import { createDevice, type Device } from './support/device.js';
import { count } from './support/signed-in-app.js';

const ORIGIN = 'http://localhost:5173';
const ACCESS_TOKEN_TTL_SECONDS = 900;

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

/** A browser with some tabs, somebody signed in in the first and heard of by the others. */
async function signedInTabs(howMany: number, changes: Partial<Platform> = {}) {
  const { email, password } = await gate.registerSomebody();
  const device = createDevice({ url: gate.url, origin: ORIGIN });
  const tabs = Array.from({ length: howMany }, () => device.openTab(changes));
  const [first] = tabs as [AuthClient];
  const result = await first.login({ email, password });
  if (result.__typename !== 'AuthPayload') throw new Error('the login was refused');
  if (changes.openChannel !== null) {
    await waitUntil('all tabs know', () => tabs.every(({ state }) => state.status === 'signed_in'));
  }
  const pass = (seconds: number, options?: { isAsleep: boolean }) => {
    gate.clock.advance(seconds);
    device.pass(seconds, options);
  };
  const generation = async () => (await sessionRow(gate.database, result.session.id)).generation;
  return { device, tabs, first, pass, generation, email, password, sessionId: result.session.id };
}

const askAll = (tabs: AuthClient[]) => Promise.all(tabs.map((tab) => tab.me()));

const statesOf = (tab: AuthClient): AuthState[] => {
  const states: AuthState[] = [];
  tab.onAuthChange((state) => states.push(state));
  return states;
};

describe('cookie delivery, tabs of one browser', () => {
  it('keeps the refresh token out of reach: it is in the cookie alone, and no tab tells it', async () => {
    const { device, tabs, pass } = await signedInTabs(3);
    pass(ACCESS_TOKEN_TTL_SECONDS);
    await askAll(tabs);
    expect(device.cookie()).toMatch(/gatehouse-refresh=ghr_/);
    expect(device.told.length).toBeGreaterThan(0);
    expect(device.told.join()).not.toContain('ghr_');
    expect(JSON.stringify(tabs)).not.toContain('ghr_');
  });

  it.each([2, 12])('rotates once where the access token of %i tabs expires', async (howMany) => {
    const { device, tabs, pass, generation } = await signedInTabs(howMany);
    for (const round of [1, 2, 3]) {
      pass(ACCESS_TOKEN_TTL_SECONDS);
      const users = await askAll(tabs);
      expect(users.every((user) => user !== null)).toBe(true);
      expect(await generation()).toBe(round);
      expect(count(device, 'RefreshToken')).toBe(round);
    }
  });

  it('rotates once where each tab asks only when the one before has its answer', async () => {
    const { tabs, pass, generation } = await signedInTabs(4);
    pass(ACCESS_TOKEN_TTL_SECONDS);
    for (const tab of tabs) expect(await tab.getAccessToken()).not.toBeNull();
    expect(await generation()).toBe(1);
  });

  it('lets nobody be logged out where there are neither locks nor channels', async () => {
    const { device, tabs, pass, email } = await signedInTabs(2, { locks: null, openChannel: null });
    pass(ACCESS_TOKEN_TTL_SECONDS);
    expect(await askAll(tabs)).toEqual([expect.objectContaining({ email }), expect.objectContaining({ email })]);
    expect(count(device, 'RefreshToken')).toBeGreaterThan(1);
  });

  it('goes ahead where a tab that hangs holds the lock', async () => {
    const { device, first, pass } = await signedInTabs(1);
    void device.platform.locks?.request(`gatehouse:${first.url}`, {}, () => new Promise(() => {}));
    const hasty = device.openTab({}, { timeoutMs: 200 });
    pass(ACCESS_TOKEN_TTL_SECONDS);
    expect(await hasty.me()).not.toBeNull();
  });

  it('takes the access token of another tab as it opens', async () => {
    const { device, generation, email } = await signedInTabs(1);
    const opened = device.openTab();
    expect(await opened.me()).toMatchObject({ email });
    expect(await generation()).toBe(0);
  });

  it('goes on after a sleep in which only the wall clock went on, without a request that fails', async () => {
    const { device, first, pass, generation } = await signedInTabs(1);
    pass(8 * 3600, { isAsleep: true });
    const before = device.sent.length;
    expect(await first.me()).not.toBeNull();
    expect(device.sent.slice(before).sort()).toEqual(['Confirm', 'Me', 'RefreshToken']);
    expect(await generation()).toBe(1);
  });

  it.each([-3600, 3600])('does not care that its clock is off by %i seconds', async (seconds) => {
    const { email, password } = await gate.registerSomebody();
    const device = createDevice({ url: gate.url, origin: ORIGIN });
    device.pass(seconds, { isAsleep: true });
    const tab = device.openTab();
    await tab.login({ email, password });
    for (let minute = 0; minute < 10; minute += 1) {
      gate.clock.advance(60);
      device.pass(60);
      expect(await tab.me()).not.toBeNull();
    }
    expect(count(device, 'RefreshToken')).toBe(0);
  });

  it('gets over an access token that is refused before its time: once', async () => {
    const { device, first } = await signedInTabs(1);
    const { iat, exp } = claimsOf((await first.getAccessToken()) ?? '');
    gate.clock.advance(exp - iat + 10);
    expect(await first.me()).not.toBeNull();
    expect(device.sent.filter((name) => name === 'Me')).toHaveLength(2);
    expect(count(device, 'RefreshToken')).toBe(1);
  });

  it('logs out in all tabs, and asks nothing more', async () => {
    const { device, tabs, first } = await signedInTabs(3);
    const states = tabs.map(statesOf);
    await first.logout();
    await waitUntil('all tabs know', () => tabs.every(({ state }) => state.status === 'signed_out'));
    expect(states).toEqual(tabs.map(() => [{ status: 'signed_out', reason: 'LOGOUT' }]));
    expect(device.cookie()).not.toMatch(/gatehouse-refresh/);
    const before = device.sent.length;
    expect(await askAll(tabs)).toEqual([null, null, null]);
    expect(device.sent.length).toBe(before);
  });

  it('signs in in all tabs, and shows whose session it is now', async () => {
    const { tabs, first } = await signedInTabs(2);
    const [, second] = tabs as [AuthClient, AuthClient];
    const other = await gate.registerSomebody();
    const states = statesOf(second);
    await first.logout();
    await first.login(other);
    await waitUntil('the other tab knows', () => second.state.status === 'signed_in');
    expect(states.at(-1)).toMatchObject({ status: 'signed_in', user: { email: other.email } });
    expect(await second.me()).toMatchObject({ email: other.email });
  });

  it('is simply not signed in on a first visit', async () => {
    const device = createDevice({ url: gate.url, origin: ORIGIN });
    const tab = device.openTab();
    const states = statesOf(tab);
    expect(await tab.me()).toBeNull();
    expect(await tab.getAccessToken()).toBeNull();
    expect(states).toEqual([{ status: 'signed_out', reason: 'NO_TOKEN' }]);
    expect(device.sent).toEqual(['RefreshToken']);
  });

  it('says what is wrong where the gateway does not know the page', async () => {
    const device = createDevice({ url: gate.url, origin: 'https://elsewhere.example' });
    const tab = device.openTab();
    const credentials = { email: 'a@example.org', password: GOOD_PASSWORD };
    await expect(tab.login(credentials)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      extensions: { reason: 'ORIGIN_NOT_ALLOWED' },
    });
    expect(tab.state.status).toBe('unknown');
  });

  it('does not let the word of a tab that is overtaken undo a newer one', async () => {
    const { device, tabs, first, pass } = await signedInTabs(2);
    const oldWord = device.told.findLast((text) => text.includes('"token"')) ?? '';
    pass(ACCESS_TOKEN_TTL_SECONDS);
    const accessToken = await first.getAccessToken();
    const [, second] = tabs as [AuthClient, AuthClient];
    await waitUntil('the other tab knows', () => second.peekAccessToken() === accessToken);
    say(device, first, oldWord);
    await first.logout();
    say(device, first, oldWord);
    await waitUntil('the other tab knows', () => second.state.status === 'signed_out');
    expect(second.peekAccessToken()).toBeNull();
  });
});

/** Says on the tabs' channel what one of them had said before. */
function say(device: Device, tab: AuthClient, text: string): void {
  device.platform.openChannel?.(`gatehouse:${tab.url}`).postMessage(JSON.parse(text));
}
