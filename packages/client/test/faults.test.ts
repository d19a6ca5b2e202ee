import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimsOf, sessionRow } from '../../../dist/test/support/session-facts.js';
import { startTestGateway, type TestGateway } from '../../../dist/test/support/test-gateway.js';
import { count, signInApp } from './support/signed-in-app.js';

const ACCESS_TOKEN_TTL_SECONDS = 900;

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

/** An answer as the gateway gives it, where it can't do what was asked. */
const fault =
  (extensions: object, status = 200) =>
  async () =>
    new Response(JSON.stringify({ data: null, errors: [{ message: 'refused', extensions }] }), {
      status,
      headers: { 'content-type': 'application/json' },
    });

describe('what passes', () => {
  it('gets over a lost answer by asking again with the same token', async () => {
    const { app, device, pass, sessionId } = await signInApp(gate);
    pass(ACCESS_TOKEN_TTL_SECONDS);
    let isLost = false;
    device.intercept(async (operationName, forward) => {
      const answer = await forward();
      if (operationName !== 'RefreshToken' || isLost) return answer;
      isLost = true;
      throw new TypeError('the connection was reset');
    });
    expect(await app.me()).not.toBeNull();
    expect(isLost).toBe(true);
    expect((await sessionRow(gate.database, sessionId)).generation).toBe(1);
  });

  it('goes on ten minutes after an answer was lost, the app restarted meanwhile', async () => {
    const { app, open, device, pass, email } = await signInApp(gate);
    pass(ACCESS_TOKEN_TTL_SECONDS);
    device.intercept(async (_operationName, forward) => {
      await forward();
      throw new TypeError('the connection was reset');
    });
    await expect(app.getAccessToken()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    device.intercept(null);
    pass(600);
    expect(await open().me()).toMatchObject({ email });
  });

  it.each([
    ['SERVICE_UNAVAILABLE', fault({ code: 'SERVICE_UNAVAILABLE', retryAfter: 2 }), [3000, 3000, 3000]],
    ['RATE_LIMITED', fault({ code: 'RATE_LIMITED', retryAfter: 1 }), [1500, 1500, 3000]],
    ['no network', () => Promise.reject(new TypeError('fetch failed')), [750, 1500, 3000]],
    ['a proxy in the way', async () => new Response('<h1>Bad gateway</h1>', { status: 502 }), [750, 1500, 3000]],
    ['an answer that is none', async () => new Response('null'), [750, 1500, 3000]],
  ])('keeps the session over %s, asks again later and later, and tells who asked', async (_what, how, waits) => {
    const { app, device, changes, pass } = await signInApp(gate);
    pass(ACCESS_TOKEN_TTL_SECONDS);
    device.intercept(how);
    await expect(app.getAccessToken()).rejects.toMatchObject({ name: 'AuthClientError' });
    expect(device.waits).toEqual(waits);
    expect(app.state.status).toBe('signed_in');
    expect(changes).toHaveLength(1);

    device.intercept(null);
    expect(await app.me()).not.toBeNull();
  });

  it('does not make anybody wait for minutes: it tells them when to come back', async () => {
    const { app, device, pass } = await signInApp(gate);
    pass(ACCESS_TOKEN_TTL_SECONDS);
    device.intercept(fault({ code: 'RATE_LIMITED', retryAfter: 600 }));
    await expect(app.getAccessToken()).rejects.toMatchObject({ code: 'RATE_LIMITED', extensions: { retryAfter: 600 } });
    expect(count(device, 'RefreshToken')).toBe(1);
  });

  it('uses up an access token that is still good while there is no new one to be had', async () => {
    const { app, device, pass } = await signInApp(gate);
    const accessToken = await app.getAccessToken();
    const { iat, exp } = claimsOf(accessToken ?? '');
    pass(exp - iat - 20);
    device.intercept(() => Promise.reject(new TypeError('fetch failed')));
    expect(await app.getAccessToken()).toBe(accessToken);
    expect(device.waits).toEqual([]);
    await expect(app.renewAccessToken(accessToken)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    pass(21);
    await expect(app.getAccessToken()).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('knows nothing, rather than that nobody is signed in, where the first answer does not come', async () => {
    const { open, device } = await signInApp(gate);
    device.intercept(() => Promise.reject(new TypeError('fetch failed')));
    const app = open();
    await expect(app.me()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(app.state).toEqual({ status: 'unknown' });
    device.intercept(null);
    expect(await app.me()).not.toBeNull();
  });

  it('gives up an answer that does not come in time, its end included', async () => {
    const { open, device } = await signInApp(gate);
    const app = open({ timeoutMs: 200 });
    let isFirst = true;
    device.intercept((_operationName, forward, signal) => {
      if (!isFirst) return forward();
      isFirst = false;
      const never = new ReadableStream({
        start: (stream) => signal.addEventListener('abort', () => stream.error(signal.reason)),
      });
      return Promise.resolve(new Response(never));
    });
    expect(await app.me()).not.toBeNull();
    expect(count(device, 'RefreshToken')).toBe(2);
  });

  it('asks once for all that wait, however often it has to', async () => {
    const { app, device, pass } = await signInApp(gate);
    pass(ACCESS_TOKEN_TTL_SECONDS);
    device.intercept(() => Promise.reject(new TypeError('fetch failed')));
    await Promise.allSettled([1, 2, 3, 4, 5].map(() => app.getAccessToken()));
    expect(count(device, 'RefreshToken')).toBe(4);
  });
});

describe('what is refused', () => {
  const refuseMe = (extensions: object) => (operationName: string, forward: () => Promise<Response>) =>
    operationName === 'Me' ? fault(extensions)() : forward();

  it.each(['NO_TOKEN', 'TOKEN_EXPIRED', 'TOKEN_INVALID', 'SESSION_ENDED', undefined])(
    'refreshes once and asks once more where the reason is %s, and then gives up',
    async (reason) => {
      const { app, device } = await signInApp(gate);
      device.intercept(refuseMe({ code: 'UNAUTHENTICATED', reason }));
      await expect(app.me()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(device.sent).toEqual(['Register', 'Me', 'RefreshToken', 'Confirm', 'Me']);
    },
  );

  it.each([
    { code: 'UNAUTHENTICATED', reason: 'INVALID_GRANT' },
    { code: 'UNAUTHENTICATED', reason: 'A_REASON_OF_TOMORROW' },
    { code: 'FORBIDDEN' },
    { code: 'FORBIDDEN', reason: 'TOKEN_EXPIRED' },
    { code: 'INTERNAL_SERVER_ERROR' },
    {},
  ])('does not refresh for %j', async (extensions) => {
    const { app, device } = await signInApp(gate);
    device.intercept(refuseMe(extensions));
    await expect(app.me()).rejects.toMatchObject({ name: 'AuthClientError' });
    expect(count(device, 'RefreshToken')).toBe(0);
    expect(app.state.status).toBe('signed_in');
  });
});
