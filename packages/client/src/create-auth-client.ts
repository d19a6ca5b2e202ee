import { createAccept } from './accept.js';
import { AuthClientError } from './auth-client-error.js';
import { createExclusively } from './exclusively.js';
import { createFreshen } from './freshen.js';
import {
  Login,
  type LoginMutation,
  Logout,
  Me,
  type MeQuery,
  Reauthenticate,
  type ReauthenticateMutation,
  Register,
  type RegisterMutation,
} from './generated.js';
import { createMemory } from './memory.js';
import { needsRenewal } from './needs-renewal.js';
import { keepParts, type WithToken } from './parts.js';
import { platformHere } from './platform.js';
import { createRefresh } from './refresh.js';
import { retrying } from './retrying.js';
import { createSendOperation } from './send-operation.js';
import { openTabs } from './tabs.js';
import type { AuthClient, AuthClientOptions, Credentials, SignedIn, User } from './types.js';

type Payload = Extract<LoginMutation['login'], { readonly __typename: 'AuthPayload' }>;

/**
 * Makes the client that keeps a page or an app signed in. It sends nothing by itself: the first access token that is
 * asked for finds out whether there is a session.
 */
export function createAuthClient(options: AuthClientOptions): AuthClient {
  const { url, delivery, timeoutMs = 10_000 } = options;
  const storage = delivery === 'BODY' ? options.storage : null;
  const deviceStorage = (delivery === 'BODY' && options.deviceStorage) || null;
  const platform = { ...platformHere(delivery), ...options.platform };
  const name = `gatehouse:${url}`;
  const memory = createMemory(platform);
  const tabs = openTabs({ platform, name, memory });
  const send = createSendOperation({ url, timeoutMs, platform });
  const exclusively = createExclusively({ platform, name, waitMs: timeoutMs });
  const accept = createAccept({ platform, storage, deviceStorage, memory, tabs });
  const refresh = createRefresh({ platform, storage, memory, tabs, send, exclusively, accept });
  const withCookie = storage === null;

  const finish = async <Failure extends { readonly __typename: string }>(
    answer: Payload | Failure,
  ): Promise<SignedIn | Failure> => {
    if (!isPayload(answer)) return answer;
    await accept(answer);
    return { __typename: 'AuthPayload', session: answer.session, user: answer.user };
  };
  const renewAccessToken = async (refused: string | null): Promise<string | null> =>
    memory.fresh(refused) ?? (memory.state.status === 'signed_out' ? null : refresh(refused));

  const withToken: WithToken = async (work) => {
    const accessToken = await renewAccessToken(null);
    try {
      return await work(accessToken);
    } catch (error) {
      if (!(error instanceof AuthClientError && needsRenewal([error]))) throw error;
      const renewal = await renewAccessToken(accessToken);
      if (renewal === accessToken) throw error;
      return work(renewal);
    }
  };
  const askMe = async (accessToken: string | null): Promise<User | null> => {
    if (accessToken === null) return null;
    const { me } = await retrying(platform, () => send<MeQuery>({ query: Me, accessToken }));
    if (me !== null && memory.held !== null) memory.hold({ ...memory.held, user: me });
    return me;
  };

  const inputOf = ({ email, password }: Credentials, more = {}) => ({
    input: { email, password, tokenDelivery: delivery, ...more },
  });
  const client: AuthClient = {
    url,
    get state() {
      return memory.state;
    },
    register: (credentials) =>
      exclusively(async () => {
        const call = { query: Register, variables: inputOf(credentials), withCookie };
        return finish((await send<RegisterMutation>(call)).register);
      }),
    login: (credentials) =>
      exclusively(async () => {
        const deviceToken = (await deviceStorage?.get()) ?? null;
        const call = { query: Login, variables: inputOf(credentials, { deviceToken }), withCookie };
        return finish((await send<LoginMutation>(call)).login);
      }),
    reauthenticate: (password) =>
      withToken((accessToken) =>
        // In its turn: a refresh that is under way would bring a token of the older sign-in after this one.
        exclusively(async () => {
          const call = { query: Reauthenticate, variables: { password }, accessToken };
          return finish((await send<ReauthenticateMutation>(call)).reauthenticate);
        }),
      ),
    logout: () =>
      retrying(platform, () =>
        exclusively(async () => {
          const refreshToken = (await storage?.get()) ?? null;
          const accessToken = memory.held?.accessToken ?? null;
          await send({ query: Logout, variables: { refreshToken }, accessToken, withCookie });
          await storage?.remove();
          memory.signOut('LOGOUT');
          tabs.tellLogout();
        }),
      ),
    me: () => withToken(askMe),
    getAccessToken: () => renewAccessToken(null),
    renewAccessToken,
    freshenAuthentication: (refused, maxAgeSeconds) => freshen(refused, maxAgeSeconds),
    peekAccessToken: () => memory.fresh(),
    onAuthChange: memory.onChange,
    close: tabs.close,
  };
  const freshen = createFreshen(options.onStaleAuthentication, client);
  return keepParts(client, { delivery, storage, deviceStorage, memory, tabs, send, withToken });
}

function isPayload(answer: { readonly __typename: string }): answer is Payload {
  return answer.__typename === 'AuthPayload';
}
