import type { Data, GraphqlAnswer, GraphqlClient, GraphqlError, SendOptions } from './graphql-client.js';
import { GOOD_PASSWORD, LOGIN, LOGOUT, REFRESH, REGISTER } from './graphql-client.js';

/** The origin of a page that a gateway in development lets in. */
export const PAGE_ORIGIN = 'http://localhost:5173';

/** The name of the cookie in development on http. */
export const PLAIN_NAME = 'gatehouse-refresh';

const DEVICE_COOKIE = /^(__Host-)?gatehouse-device=/;

export interface PageAnswer extends GraphqlAnswer {
  /** The Set-Cookie headers but those of the device. */
  setCookies: string[];
  /** The Set-Cookie headers that keep this browser a known device. */
  deviceCookies: string[];
  error: GraphqlError['extensions'] | undefined;
}

/** A page of an allowed origin, and the jar of its browser, which holds the gateway's cookies. */
export interface Page {
  /** The refresh cookie as a Cookie header: `name=value`; null: none. A test may put another one there. */
  jar: string | null;
  /** The device cookie, likewise. */
  devices: string | null;
  /** The value in the jar; throws where there is none. */
  token(): string;
  /** Sends an operation as script in the page does, and keeps the cookie that the answer sets. */
  send(query: string, variables?: Record<string, unknown>, options?: SendOptions): Promise<PageAnswer>;
  register(credential: { email: string; password?: string }): Promise<PageAnswer>;
  login(credential: { email: string; password: string }): Promise<PageAnswer>;
  refresh(options?: SendOptions): Promise<PageAnswer>;
  logout(options?: SendOptions): Promise<PageAnswer>;
}

/** A page in a browser of its own; `origin` null sends none. */
export function openPage(gate: Pick<GraphqlClient, 'send'>, origin: string | null = PAGE_ORIGIN): Page {
  const send: Page['send'] = async (query, variables, options = {}) => {
    const cookie = [page.jar, page.devices].filter((each) => each !== null).join('; ');
    const own = { ...(origin === null ? {} : { origin }), ...(cookie === '' ? {} : { cookie }) };
    const answer = await gate.send(query, variables, { ...options, headers: { ...own, ...options.headers } });
    const all = answer.headers.getSetCookie();
    const deviceCookies = all.filter((each) => DEVICE_COOKIE.test(each));
    const setCookies = all.filter((each) => !DEVICE_COOKIE.test(each));
    for (const each of setCookies) page.jar = jarAfter(each);
    for (const each of deviceCookies) page.devices = jarAfter(each);
    return { ...answer, setCookies, deviceCookies, error: answer.errors?.[0]?.extensions };
  };
  const page: Page = {
    jar: null,
    devices: null,
    token: () => {
      if (page.jar === null) throw new Error('the jar is empty');
      return page.jar.slice(page.jar.indexOf('=') + 1);
    },
    send,
    register: ({ email, password = GOOD_PASSWORD }) =>
      send(REGISTER, { input: { email, password, tokenDelivery: 'COOKIE' } }),
    login: ({ email, password }) => send(LOGIN, { input: { email, password, tokenDelivery: 'COOKIE' } }),
    refresh: (options) => send(REFRESH, {}, options),
    logout: (options) => send(LOGOUT, {}, options),
  };
  return page;
}

function jarAfter(setCookie: string): string | null {
  return /; Max-Age=0(;|$)/.test(setCookie) ? null : (setCookie.split(';')[0] ?? null);
}

/** Logs in by cookie; answers the payload, and throws where that is refused. */
export async function signedInPage(
  gate: Pick<GraphqlClient, 'send'>,
  credential: { email: string; password: string },
): Promise<{ page: Page; payload: Data }> {
  const page = openPage(gate);
  const { data, text } = await page.login(credential);
  if (data?.login?.__typename !== 'AuthPayload') throw new Error(`login was refused: ${text}`);
  return { page, payload: data.login };
}
