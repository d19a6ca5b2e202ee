import { AuthClientError } from '@gatehouse/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GOOD_PASSWORD } from '../../../dist/test/support/graphql-client.js';
import { sessionRow } from '../../../dist/test/support/session-facts.js';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';
import { waitUntil } from '../../../dist/test/support/wait-until.js';
import { count, signInApp } from './support/signed-in-app.js';

const ACCESS_TOKEN_TTL_SECONDS = 900;

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

describe('body delivery', () => {
  it('signs in, keeps the refresh token in the storage alone, and answers typed failures as data', async () => {
    const { app, storage, email, sessionId } = await signInApp(gate);
    expect(await storage.get()).toMatch(/^ghr_/);
    expect(app.state).toMatchObject({ status: 'signed_in', user: { email } });
    expect(JSON.stringify([app.state, sessionId])).not.toContain('ghr_');

    expect(await app.login({ email, password: 'not the password at all' })).toEqual({
      __typename: 'InvalidCredentials',
      message: expect.any(String),
    });
    expect(await app.register({ email, password: GOOD_PASSWORD })).toMatchObject({ __typename: 'EmailTaken' });
    expect(await app.register({ email: 'x@example.org', password: 'short' })).toMatchObject({
      __typename: 'WeakPassword',
      reasons: expect.arrayContaining(['TOO_SHORT']),
    });
    await expect(app.login({ email: 'no address', password: GOOD_PASSWORD })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    expect(app.state).toMatchObject({ status: 'signed_in', user: { email } });
  });

  it('refreshes once, ahead of the end, for all that ask at once', async () => {
    const { app, device, pass } = await signInApp(gate);
    const first = await app.getAccessToken();
    pass(ACCESS_TOKEN_TTL_SECONDS * 0.9);
    const tokens = await Promise.all([1, 2, 3, 4, 5].map(() => app.getAccessToken()));
    expect(tokens[0]).toBe(first);
    expect(count(device, 'RefreshToken')).toBe(0);

    pass(ACCESS_TOKEN_TTL_SECONDS * 0.07);
    const renewed = await Promise.all([1, 2, 3, 4, 5].map(() => app.getAccessToken()));
    expect(new Set(renewed).size).toBe(1);
    expect(renewed[0]).not.toBe(first);
    expect(count(device, 'RefreshToken')).toBe(1);
  });

  it('stores the new refresh token before the new access token is used, and then confirms it', async () => {
    const { app, device, storage, pass, sessionId } = await signInApp(gate);
    pass(ACCESS_TOKEN_TTL_SECONDS);
    const order: string[] = [];
    storage.onSet = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      order.push('stored');
    };
    device.intercept((operationName, forward) => {
      order.push(operationName);
      return forward();
    });
    await app.me();
    expect(order.slice(0, 2)).toEqual(['RefreshToken', 'stored']);
    expect(order.slice(2).sort()).toEqual(['Confirm', 'Me']);
    await waitUntil(
      'it is confirmed',
      async () => (await sessionRow(gate.database, sessionId)).confirmed_generation === 1,
    );
  });

  it('confirms a refresh even where the app uses the token elsewhere', async () => {
    const { app, pass, sessionId } = await signInApp(gate);
    pass(ACCESS_TOKEN_TTL_SECONDS);
    await app.getAccessToken();
    await waitUntil(
      'it is confirmed',
      async () => (await sessionRow(gate.database, sessionId)).confirmed_generation === 1,
    );
  });

  it('goes on with the old refresh token where the new one could not be stored', async () => {
    const { app, storage, pass } = await signInApp(gate);
    pass(ACCESS_TOKEN_TTL_SECONDS);
    storage.onSet = () => Promise.reject(new Error('the keychain is locked'));
    await expect(app.getAccessToken()).rejects.toThrow('the keychain is locked');
    storage.onSet = async () => {};
    pass(60);
    expect(await app.getAccessToken()).not.toBeNull();
    expect(await app.me()).not.toBeNull();
  });

  it('is signed in again after the app was closed, by what is stored', async () => {
    const { open, email } = await signInApp(gate);
    const reopened = open();
    expect(reopened.state).toEqual({ status: 'unknown' });
    expect(await reopened.me()).toMatchObject({ email });
    expect(reopened.state).toMatchObject({ status: 'signed_in', user: { email } });
  });

  it('is signed out, says why and forgets the token, once the session has ended', async () => {
    const { app, device, storage, changes, email, password } = await signInApp(gate);
    const other = await gate.login({ email, password });
    await gate.send('mutation { endOtherSessions }', {}, { accessToken: other.accessToken });
    expect(await app.me()).toBeNull();
    expect(app.state).toEqual({ status: 'signed_out', reason: 'INVALID_GRANT' });
    expect(changes.map(({ status }) => status)).toEqual(['signed_in', 'signed_out']);
    expect(await storage.get()).toBeNull();

    const before = device.sent.length;
    expect(await app.getAccessToken()).toBeNull();
    expect(await app.renewAccessToken(null)).toBeNull();
    expect(await app.me()).toBeNull();
    expect(device.sent.length).toBe(before);
  });

  it('looks at the storage again before it believes that the session has ended: another process was faster', async () => {
    const { app, open, storage, pass } = await signInApp(gate);
    const old = await storage.get();
    pass(ACCESS_TOKEN_TTL_SECONDS);
    await open().me();
    const current = await storage.get();
    expect(current).not.toBe(old);
    // This process read before the other one wrote; and so much later that the old token is spent for good.
    storage.getOnce(`${old?.slice(0, -1)}${old?.endsWith('A') ? 'B' : 'A'}`);
    expect(await app.me()).not.toBeNull();
    expect(app.state.status).toBe('signed_in');
  });

  it('logs out: the session ends, the storage is empty, and nothing is asked any more', async () => {
    const { app, storage, changes, sessionId } = await signInApp(gate);
    await app.logout();
    expect((await sessionRow(gate.database, sessionId)).end_cause).toBe('LOGOUT');
    expect(await storage.get()).toBeNull();
    expect(changes.at(-1)).toEqual({ status: 'signed_out', reason: 'LOGOUT' });
    expect(await app.me()).toBeNull();
  });

  it('does not call somebody logged out whose session goes on', async () => {
    const { app, device, storage, sessionId } = await signInApp(gate);
    device.intercept(() => Promise.reject(new TypeError('no network')));
    await expect(app.logout()).rejects.toBeInstanceOf(AuthClientError);
    expect(app.state.status).toBe('signed_in');
    expect(await storage.get()).not.toBeNull();
    expect((await sessionRow(gate.database, sessionId)).revoked_at).toBeNull();
  });
});
