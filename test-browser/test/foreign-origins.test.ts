import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditOf } from '../../dist/test/support/session-facts.js';
import { waitUntil } from '../../dist/test/support/wait-until.js';
import { type AppServer, startAppServer } from './support/app-server.js';
import { forgeByMarkup, forgeByScript } from './support/forged-requests.js';
import { type Stage, setStage } from './support/stage.js';
import { signedInTabs, wasSignedOut, whoIs } from './support/tabs.js';

/** A form with each of three encodings, in a frame and in a page of its own. */
const FORM_POSTS = 6;

const cases = [
  { whose: 'of another site', host: '127.0.0.1', sameSite: 'strict', bearsCookie: false },
  { whose: 'of the same site', host: 'localhost', sameSite: 'strict', bearsCookie: true },
  { whose: 'of another site, with a cookie for other sites', host: '127.0.0.1', sameSite: 'none', bearsCookie: true },
];

describe.each(cases)('C10: a page of a foreign origin $whose', ({ host, sameSite, bearsCookie }) => {
  let stage: Stage;
  let foreign: AppServer;
  beforeAll(async () => {
    stage = await setStage({ COOKIE_SAME_SITE: sameSite });
    foreign = await startAppServer(
      async () => '<!doctype html><title>elsewhere</title><link rel="icon" href="data:,">',
    );
  });
  afterAll(async () => {
    await foreign?.close();
    await stage?.close();
  });

  it.each([
    ['end a session', async () => 'mutation { logout }'],
    ['rotate a refresh token', async () => 'mutation { refreshToken { accessToken } }'],
    ['sign somebody else in', loginAsSomebodyElse],
    ['learn who is signed in', async () => '{ me { email } }'],
  ])('can not %s', async (_what, queryOf) => {
    const { context, first, email, sessionId, generation, isAlive } = await signedInTabs(stage);
    const endpoint = `${stage.proxy.url}/graphql`;
    const query = await queryOf(stage);
    const cookies = await context.cookies();
    stage.proxy.seen = [];
    const page = await context.newPage();
    await page.goto(`http://${host}:${foreign.port}/`);
    expect(await forgeByScript(page, endpoint, query)).toEqual([]);
    expect(await forgeByMarkup(page, endpoint, query)).toEqual([]);
    await waitUntil('all forms are answered', () => context.pages().length === 2 + FORM_POSTS / 2);
    await Promise.all(context.pages().map((each) => each.waitForLoadState()));

    expect(await context.cookies()).toEqual(cookies);
    expect(await isAlive()).toBe(true);
    expect(await generation()).toBe(0);
    expect(await auditOf(stage.gate.database, sessionId)).toEqual([]);
    expect(stage.proxy.seen.flatMap(({ setCookies }) => setCookies)).toEqual([]);
    expect(stage.proxy.seen.map(({ answer }) => answer).filter((answer) => answer.includes('"data":{'))).toEqual([]);
    // They did get there, and with the cookie where the browser lets it.
    const posts = stage.proxy.seen.filter(({ name }) => !['GET', 'OPTIONS'].includes(name));
    expect(posts.length).toBeGreaterThanOrEqual(FORM_POSTS + 4);
    expect(posts.some(({ hasCookie }) => hasCookie)).toBe(bearsCookie);
    expect(await whoIs(first)).toBe(email);
    expect(await wasSignedOut(first)).toBe(false);
  });

  it('fails for its origin alone: the same script logs out in a page of the app', async () => {
    const { context, first, isAlive } = await signedInTabs(stage);
    const read = await forgeByScript(first, `${stage.proxy.url}/graphql`, 'mutation { logout }');
    expect(read.join()).toContain('{"data":{"logout":true}}');
    expect(await isAlive()).toBe(false);
    expect((await context.cookies()).map(({ name }) => name)).toEqual(['__Host-gatehouse-device']);
  });
});

async function loginAsSomebodyElse({ gate }: Stage): Promise<string> {
  const { email, password } = await gate.registerSomebody();
  return `mutation { login(input: { email: "${email}", password: "${password}", tokenDelivery: COOKIE }) { __typename } }`;
}
