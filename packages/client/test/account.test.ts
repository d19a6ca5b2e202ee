import { randomUUID } from 'node:crypto';
import type { StaleAuthentication } from '@gatehouse/client';
import { type Account, createAccount } from '@gatehouse/client/account';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GOOD_PASSWORD } from '../../../dist/test/support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';
import { waitUntil } from '../../../dist/test/support/wait-until.js';
import { createDevice } from './support/device.js';
import { mailedToken } from './support/mailed-link.js';
import { createMemoryStorage } from './support/memory-storage.js';
import { count, signInApp } from './support/signed-in-app.js';

const RECENT_SECONDS = 600;
const NEW_PASSWORD = 'another long enough passphrase';
const WRONG_PASSWORD = 'not my password at all';
const GOOD_TOKEN_OF_NOBODY = `gha_${'A'.repeat(43)}`;

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

/** Somebody signed in, who answers these when they are asked for their password, and what they do about their account. */
async function somebody(...answers: string[]) {
  const asked: StaleAuthentication[] = [];
  const deviceStorage = createMemoryStorage();
  const onStaleAuthentication = async (stale: StaleAuthentication) => {
    asked.push(stale);
    return answers.shift() ?? null;
  };
  const signedIn = await signInApp(gate, { onStaleAuthentication, deviceStorage });
  return { ...signedIn, asked, deviceStorage, account: createAccount(signedIn.app) };
}

/** Two tabs of one browser, somebody signed in. */
async function twoTabs() {
  const device = createDevice({ url: gate.url, origin: gate.url });
  const [tab, other] = [device.openTab(), device.openTab()];
  const email = `${randomUUID()}@example.org`;
  await tab.register({ email, password: GOOD_PASSWORD });
  await waitUntil('the other tab has heard it', async () => other.state.status === 'signed_in');
  return { device, tab, other, email };
}

describe('verifyEmail', () => {
  it('takes the link alone where its account is signed in, and the user is verified here at once', async () => {
    const { app, account, email } = await somebody();
    await account.requestEmailVerification();
    const token = await mailedToken(gate, email, 'verify-email');
    expect(await account.verifyEmail({ token })).toEqual({ __typename: 'EmailVerified', email });
    expect(app.state).toMatchObject({ status: 'signed_in', user: { email, emailVerified: true } });
    expect(await account.verifyEmail({ token })).toMatchObject({ __typename: 'LinkExpired' });
  });

  it('asks for the password elsewhere, which a wrong one does not answer', async () => {
    const { email } = await somebody();
    const { account } = await somebody();
    const token = await mailedToken(gate, email, 'verify-email');
    expect(await account.verifyEmail({ token })).toMatchObject({ __typename: 'PasswordRequired' });
    expect(await account.verifyEmail({ token, password: WRONG_PASSWORD })).toMatchObject({
      __typename: 'InvalidCredentials',
    });
    expect(await account.verifyEmail({ token, password: GOOD_PASSWORD })).toMatchObject({
      __typename: 'EmailVerified',
      email,
    });
  });

  it('makes the account where addresses are verified first', async () => {
    const strict = await startTestGateway({ REGISTRATION: 'verified' });
    try {
      const app = createDevice({ url: strict.url, origin: strict.url }).openTab();
      const credentials = { email: `${randomUUID()}@example.org`, password: GOOD_PASSWORD };
      const required = { __typename: 'VerificationRequired', email: credentials.email };
      expect(await app.register(credentials)).toEqual(required);
      expect(app.state.status).toBe('unknown');
      const token = await mailedToken(strict, credentials.email, 'verify-email');
      const account = createAccount(app);
      expect(await account.verifyEmail({ token, password: GOOD_PASSWORD })).toMatchObject({
        __typename: 'EmailVerified',
      });
      expect(await app.login(credentials)).toMatchObject({ user: { emailVerified: true } });
    } finally {
      await strict.close();
    }
  });
});

describe('resetPassword', () => {
  const reset = async (account: Account, email: string) => {
    await account.requestPasswordReset(email);
    const token = await mailedToken(gate, email, 'reset-password');
    return account.resetPassword({ token, password: NEW_PASSWORD });
  };

  it('replaces the password, and the app is signed out; nothing of it is left but the device', async () => {
    const { app, account, email, storage, deviceStorage, changes } = await somebody();
    const before = await deviceStorage.get();
    expect(await account.resetPassword({ token: GOOD_TOKEN_OF_NOBODY, password: NEW_PASSWORD })).toMatchObject({
      __typename: 'LinkExpired',
    });
    expect(app.state.status).toBe('signed_in');
    expect(await reset(account, email)).toEqual({ __typename: 'PasswordReset', email });
    expect(changes.at(-1)).toEqual({ status: 'signed_out', reason: 'INVALID_GRANT' });
    expect(await storage.get()).toBeNull();
    expect(await deviceStorage.get()).toEqual(expect.any(String));
    expect(await deviceStorage.get()).not.toBe(before);
    expect(await app.login({ email, password: GOOD_PASSWORD })).toMatchObject({ __typename: 'InvalidCredentials' });
    expect(await app.login({ email, password: NEW_PASSWORD })).toMatchObject({ __typename: 'AuthPayload' });
  });

  it('says all that is weak about a new password, and leaves the link good', async () => {
    const { account, email } = await somebody();
    await account.requestPasswordReset(email);
    const token = await mailedToken(gate, email, 'reset-password');
    expect(await account.resetPassword({ token, password: 'short' })).toMatchObject({
      __typename: 'WeakPassword',
      reasons: expect.arrayContaining(['TOO_SHORT']),
    });
    expect(await account.resetPassword({ token, password: NEW_PASSWORD })).toMatchObject({ email });
  });

  it('is heard by every tab', async () => {
    const { tab, other, email } = await twoTabs();
    expect(await reset(createAccount(tab), email)).toMatchObject({ __typename: 'PasswordReset' });
    expect(tab.state).toEqual({ status: 'signed_out', reason: 'INVALID_GRANT' });
    await waitUntil('the other tab has heard it', async () => other.state.status === 'signed_out');
  });

  it('leaves somebody signed in whose own account it is not', async () => {
    const { app, account } = await somebody();
    const { email } = await somebody();
    expect(await reset(account, email)).toMatchObject({ __typename: 'PasswordReset', email });
    expect(app.state.status).toBe('signed_in');
    expect(await app.me()).not.toBeNull();
  });

  it('is answered the same for an address that nobody has', async () => {
    const { account } = await somebody();
    await expect(account.requestPasswordReset(`${randomUUID()}@example.org`)).resolves.toBeUndefined();
    await expect(account.requestPasswordReset('no address')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('changePassword', () => {
  it('goes on with this session and ends the others', async () => {
    const { app, account, email, deviceStorage } = await somebody();
    const elsewhere = await gate.login({ email, password: GOOD_PASSWORD });
    const before = await deviceStorage.get();
    const passwords = { currentPassword: GOOD_PASSWORD, newPassword: NEW_PASSWORD };
    const wrong = { ...passwords, currentPassword: WRONG_PASSWORD };
    expect(await account.changePassword(wrong)).toMatchObject({ __typename: 'InvalidCredentials' });
    expect(await account.changePassword({ ...passwords, newPassword: 'short' })).toMatchObject({
      __typename: 'WeakPassword',
    });
    expect(await account.changePassword(passwords)).toEqual({ __typename: 'PasswordChanged', endedSessions: 1 });
    expect(await deviceStorage.get()).not.toBe(before);
    expect((await gate.refresh(elsewhere.refreshToken)).tokens).toBeNull();
    expect(await app.renewAccessToken(await app.getAccessToken())).not.toBeNull();
    expect(await app.me()).toMatchObject({ email });
  });

  it('tells after too many tries when the next counts', async () => {
    const strict = await startTestGateway({ LIMIT_CODE_ACCOUNT: '2/900' });
    try {
      const { app } = await signInApp(strict);
      const account = createAccount(app);
      const wrong = { currentPassword: WRONG_PASSWORD, newPassword: NEW_PASSWORD };
      await account.changePassword(wrong);
      await account.changePassword(wrong);
      await expect(account.changePassword(wrong)).rejects.toMatchObject({
        code: 'RATE_LIMITED',
        extensions: { retryAfter: expect.any(Number) },
      });
      expect(app.state.status).toBe('signed_in');
    } finally {
      await strict.close();
    }
  });
});

describe('a change of address', () => {
  it('asks for the password where the sign-in is not recent, and goes on where the user has it', async () => {
    const { account, pass, asked, device } = await somebody(WRONG_PASSWORD, GOOD_PASSWORD);
    pass(RECENT_SECONDS + 1);
    const email = `${randomUUID()}@example.org`;
    await account.requestEmailChange(email);
    expect(asked.map(({ failure }) => failure?.__typename)).toEqual([undefined, 'InvalidCredentials']);
    expect(count(device, 'RequestEmailChange')).toBe(2);
    expect(await mailedToken(gate, email, 'confirm-email-change')).toMatch(/^gha_/);
  });

  it('is refused where they would rather not', async () => {
    const { app, account, pass } = await somebody();
    pass(RECENT_SECONDS + 1);
    await expect(account.requestEmailChange('new@example.org')).rejects.toMatchObject({
      code: 'FORBIDDEN',
      extensions: { reason: 'STALE_AUTHENTICATION', maxAgeSeconds: RECENT_SECONDS },
    });
    expect(app.state.status).toBe('signed_in');
  });

  it('holds once it is confirmed, here at once, and is undone by the link to the old address, which signs out', async () => {
    const { app, account, email } = await somebody();
    await account.verifyEmail({ token: await mailedToken(gate, email, 'verify-email') });
    const newEmail = `${randomUUID()}@example.org`;
    await account.requestEmailChange(newEmail);
    const token = await mailedToken(gate, newEmail, 'confirm-email-change');
    const stranger = (await somebody()).account;
    expect(await stranger.confirmEmailChange({ token })).toMatchObject({ __typename: 'PasswordRequired' });
    expect(await account.confirmEmailChange({ token })).toEqual({ __typename: 'EmailChanged', email: newEmail });
    expect(app.state).toMatchObject({ user: { email: newEmail, emailVerified: true } });

    const undo = { token: await mailedToken(gate, email, 'undo-email-change'), password: NEW_PASSWORD };
    expect(await account.undoEmailChange({ ...undo, password: 'short' })).toMatchObject({ __typename: 'WeakPassword' });
    expect(await account.undoEmailChange(undo)).toEqual({ __typename: 'PasswordReset', email });
    expect(app.state).toEqual({ status: 'signed_out', reason: 'INVALID_GRANT' });
    expect(await app.login({ email, password: NEW_PASSWORD })).toMatchObject({ __typename: 'AuthPayload' });
  });
});

describe('deleteAccount', () => {
  it('is heard by every tab, and leaves neither cookie nor account', async () => {
    const { device, tab, other, email } = await twoTabs();
    await createAccount(tab).deleteAccount();
    expect(tab.state).toEqual({ status: 'signed_out', reason: 'LOGOUT' });
    await waitUntil('the other tab has heard it', async () => other.state.status === 'signed_out');
    expect(device.cookie()).not.toMatch(/refresh/);
    expect(await tab.login({ email, password: GOOD_PASSWORD })).toMatchObject({ __typename: 'InvalidCredentials' });
  });

  it('asks for the password where the sign-in is not recent', async () => {
    const { app, account, pass, asked, storage, deviceStorage } = await somebody(GOOD_PASSWORD);
    pass(RECENT_SECONDS + 1);
    await account.deleteAccount();
    expect(asked).toHaveLength(1);
    expect(app.state.status).toBe('signed_out');
    expect([await storage.get(), await deviceStorage.get()]).toEqual([null, null]);
  });

  it('is over here, too, where the gateway answered that and nothing more', async () => {
    const { app, account, device, storage } = await somebody();
    device.intercept((operationName, forward) =>
      operationName === 'Logout' ? Promise.reject(new TypeError('no network')) : forward(),
    );
    await account.deleteAccount();
    expect(app.state).toEqual({ status: 'signed_out', reason: 'LOGOUT' });
    expect(await storage.get()).toBeNull();
  });
});

describe('the device token of body delivery', () => {
  it('is kept over a logout, and says at the next login that the device is known', async () => {
    const { app, device, deviceStorage, email } = await somebody();
    const deviceToken = await deviceStorage.get();
    expect(JSON.stringify(app.state)).not.toContain(String(deviceToken));
    await app.logout();
    expect(await deviceStorage.get()).toBe(deviceToken);
    const bodies: string[] = [];
    device.onSend = (body) => bodies.push(body);
    await app.login({ email, password: GOOD_PASSWORD });
    expect(bodies.filter((body) => body.includes(String(deviceToken)))).toHaveLength(1);
    expect(bodies[0]).toContain(String(deviceToken));
  });
});

it('is made for clients of this package alone', async () => {
  const { app } = await signInApp(gate);
  expect(() => createAccount({ ...app })).toThrow(TypeError);
});
