import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../src/platform/clock.js';
import { systemRandom } from '../../src/platform/random.js';
import { createDeviceTokens } from '../../src/session/device/device-token.js';
import { LOGIN, type Person, REGISTER } from '../support/graphql-client.js';
import { openPage } from '../support/page.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TOKEN = /^ghd_[A-Za-z0-9_-]{91}$/;
const wrong = 'not the passphrase of theirs';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ LIMIT_LOGIN_ACCOUNT_UNKNOWN_DEVICES: '3/3600', LIMIT_LOGIN_DEVICE: '4/900' });
});
afterAll(() => gate.close());

const login = (person: Person, password: string, deviceToken?: string | null) =>
  gate.send(LOGIN, { input: { email: person.email, password, ...(deviceToken === undefined ? {} : { deviceToken }) } });

/** Uses up what strangers have for an account. */
async function flood({ email }: Person): Promise<void> {
  for (let index = 0; index < 4; index += 1) await gate.send(LOGIN, { input: { email, password: wrong } });
}

/** Whether somebody with this token is let in while strangers are not. */
async function isKnown(person: Person, deviceToken?: string | null): Promise<boolean> {
  const { data, errors } = await login(person, person.password, deviceToken);
  if (data?.login?.__typename === 'AuthPayload') return true;
  expect(errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
  return false;
}

describe('a device token', () => {
  it('is answered by register and login in body delivery, and no cookie is set', async () => {
    const ada = await gate.registerSomebody();
    const again = await login(ada, ada.password);
    expect(ada.deviceToken).toMatch(TOKEN);
    expect(again.data.login.deviceToken).toMatch(TOKEN);
    expect(again.headers.getSetCookie()).toEqual([]);
    const { tokens } = await gate.refresh(ada.refreshToken);
    expect(tokens?.deviceToken).toBeNull();
  });

  it('B6: lets its owner in while strangers have used up the account, and nobody else by it', async () => {
    const [ada, eve] = [await gate.registerSomebody(), await gate.registerSomebody()];
    await flood(ada);
    expect(await isKnown(ada)).toBe(false);
    expect(await isKnown(ada, null)).toBe(false);
    expect(await isKnown(ada, eve.deviceToken)).toBe(false);
    expect(await isKnown(ada, ada.refreshToken)).toBe(false);
    expect(await isKnown(ada, 'no token at all')).toBe(false);
    expect(await isKnown(ada, ada.deviceToken)).toBe(true);
  });

  it('stays that of one device from login to login: a success does not give new tries', async () => {
    const ada = await gate.registerSomebody();
    await flood(ada);
    let { deviceToken } = ada;
    for (let index = 0; index < 4; index += 1) await login(ada, wrong, deviceToken);
    expect(await isKnown(ada, deviceToken)).toBe(false);
    gate.clock.advance(900);
    for (let index = 0; index < 3; index += 1) await login(ada, wrong, deviceToken);
    deviceToken = (await login(ada, ada.password, deviceToken)).data.login.deviceToken;
    expect((await login(ada, wrong, deviceToken)).data.login.__typename).toBe('InvalidCredentials');
    expect(await isKnown(ada, deviceToken)).toBe(false);
  });

  it('is void once the password changes', async () => {
    const ada = await gate.registerSomebody();
    await gate.database.query('UPDATE gatehouse.users SET password_version = password_version + 1 WHERE id = $1', [
      ada.user.id,
    ]);
    await flood(ada);
    expect(await isKnown(ada, ada.deviceToken)).toBe(false);
    gate.clock.advance(3600);
    const { data } = await login(ada, ada.password, ada.deviceToken);
    await flood(ada);
    expect(await isKnown(ada, data.login.deviceToken)).toBe(true);
  });

  it('R13: is refused with any byte changed, cut, or made longer, or in another spelling', async () => {
    const secret = randomBytes(32);
    const random = systemRandom(systemClock);
    const tokens = createDeviceTokens({ secrets: [secret], random });
    const others = createDeviceTokens({ secrets: [randomBytes(32)], random });
    const device = { userId: random.id(), passwordVersion: 7 };
    const text = tokens.issue(device);
    expect(tokens.read(text)).toMatchObject(device);
    expect(others.read(text)).toBeNull();
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...alphabet), (place, letter) => {
        const changed = text.slice(0, place) + letter + text.slice(place + 1);
        expect(tokens.read(changed) === null).toBe(changed !== text);
      }),
      { numRuns: 2000 },
    );
    for (const other of ['', text.slice(0, -1), `${text}A`, `${text}=`, ` ${text}`, text.toUpperCase()]) {
      expect(tokens.read(other)).toBeNull();
    }
  });

  it('is signed by the first of the secrets, and good under all of them', () => {
    const [old, next] = [randomBytes(32), randomBytes(32)];
    const random = systemRandom(systemClock);
    const make = (...secrets: Buffer[]) => createDeviceTokens({ secrets, random });
    const issued = make(old).issue({ userId: random.id(), passwordVersion: 1 });
    expect(make(next, old).read(issued)).toEqual(make(old).read(issued));
    expect(make(next).read(issued)).toBeNull();
    const renewed = make(next, old).issue({
      userId: make(old).read(issued)?.userId ?? '',
      passwordVersion: 2,
      previous: [issued],
    });
    expect(make(next).read(renewed)).toEqual({ ...make(old).read(issued), passwordVersion: 2 });
  });
});

describe('the device cookie', () => {
  it('C5: has the attributes of the refresh cookie, lives 400 days, and keeps the token out of the body', async () => {
    const page = openPage(gate);
    const { data, text, deviceCookies, setCookies } = await page.register({ email: 'cookie@example.org' });
    expect(data.register).toMatchObject({ deviceToken: null, refreshToken: null });
    expect(text).not.toMatch(/gh[rd]_/);
    expect(setCookies).toHaveLength(1);
    expect(deviceCookies).toEqual([
      expect.stringMatching(
        /^gatehouse-device=ghd_[A-Za-z0-9_-]{91}; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Strict$/,
      ),
    ]);
    // What is no sign-in leaves it alone.
    for (const answer of [await page.refresh(), await page.logout()]) expect(answer.deviceCookies).toEqual([]);
  });

  it('C5: in production the name has the prefix __Host-, and Secure is set', async () => {
    const secure = await startTestGateway({
      NODE_ENV: 'production',
      DATABASE_URL: gate.database.url,
      REFRESH_TOKEN_SECRETS: randomBytes(32).toString('base64url'),
      SIGNING_KEYS_FILE: '/nowhere',
      PUBLIC_URL: 'https://auth.example.org',
      SMTP_URL: 'none',
    });
    const page = openPage(secure, 'https://auth.example.org');
    const { deviceCookies } = await page.register({ email: 'secure@example.org' });
    expect(deviceCookies).toEqual([
      expect.stringMatching(
        /^__Host-gatehouse-device=ghd_\S+; Max-Age=34560000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      ),
    ]);
    await secure.close();
  });

  it('B6: makes the browser known, after a logout as well; without it, it is a stranger', async () => {
    const ada = await gate.registerSomebody();
    const page = openPage(gate);
    await page.login(ada);
    await page.logout();
    await flood(ada);
    expect((await openPage(gate).login(ada)).error?.code).toBe('RATE_LIMITED');
    expect((await page.login(ada)).data.login.__typename).toBe('AuthPayload');
    // The cookie counts in cookie delivery alone; an argument goes before it.
    const headers = { cookie: page.devices ?? '' };
    const body = await gate.send(LOGIN, { input: { email: ada.email, password: ada.password } }, { headers });
    expect(body.errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
    const input = { email: ada.email, password: ada.password, tokenDelivery: 'COOKIE' };
    const before = await page.send(LOGIN, { input: { ...input, deviceToken: 'another' } });
    expect(before.error?.code).toBe('RATE_LIMITED');
    expect(
      (await openPage(gate).send(LOGIN, { input: { ...input, deviceToken: ada.deviceToken } })).error,
    ).toBeUndefined();
  });

  it('holds up to five accounts, those of the latest sign-ins, and nothing that is not genuine', async () => {
    const page = openPage(gate);
    const people: Person[] = [];
    for (let index = 0; index < 6; index += 1) {
      const person = await gate.registerSomebody();
      people.push(person);
      await page.login(person);
    }
    const count = () => page.devices?.split('=')[1]?.split('.').length;
    expect(count()).toBe(5);
    for (const person of people) await flood(person);
    const [first, second] = people as [Person, Person];
    expect((await page.login(first)).error?.code).toBe('RATE_LIMITED');
    expect((await page.login(second)).data.login.__typename).toBe('AuthPayload');
    page.devices = `${page.devices}.${'ghd_'.padEnd(95, 'A')}.junk; gatehouse-device=planted`;
    await page.login(second);
    expect(count()).toBe(5);
    expect(page.devices).not.toMatch(/junk|planted|A{20}/);
  });

  it('C4: no page that may not use cookies gets one', async () => {
    const input = { email: 'evil@example.org', password: 'a long enough passphrase', tokenDelivery: 'COOKIE' };
    const { headers, errors } = await gate.send(REGISTER, { input }, { headers: { origin: 'https://evil.example' } });
    expect(errors?.[0]?.extensions.reason).toBe('ORIGIN_NOT_ALLOWED');
    expect(headers.getSetCookie()).toEqual([]);
  });
});
