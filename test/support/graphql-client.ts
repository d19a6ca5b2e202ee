import { randomUUID } from 'node:crypto';

export interface GraphqlError {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; reason?: string; argument?: string[]; retryAfter?: number; requestId?: string };
}

// biome-ignore lint/suspicious/noExplicitAny: what an operation answers depends on its text.
export type Data = any;

export interface GraphqlAnswer {
  status: number;
  headers: Headers;
  /** The body as it came. */
  text: string;
  data: Data;
  errors: GraphqlError[] | undefined;
}

export interface Person {
  email: string;
  password: string;
  accessToken: string;
  refreshToken: string;
  deviceToken: string;
  expiresIn: number;
  session: { id: string; current: boolean; createdAt: string; lastUsedAt: string; expiresAt: string };
  user: { id: string; email: string; roles: string[] };
}

export type Tokens = Omit<Person, 'email' | 'password'>;

export interface GraphqlClient {
  /** Sends one operation by HTTP, as any client does. */
  send(query: string, variables?: Record<string, unknown>, options?: SendOptions): Promise<GraphqlAnswer>;
  /** Registers somebody new. */
  registerSomebody(options?: { email?: string; password?: string } & SendOptions): Promise<Person>;
  /** Logs in; throws where that is refused. */
  login(credential: { email: string; password: string }, options?: SendOptions): Promise<Tokens>;
  /** Sends a refresh token; the answer whatever it is. */
  refresh(refreshToken: string, options?: SendOptions): Promise<GraphqlAnswer & { tokens: Tokens | null }>;
  /** Asks for `me`. */
  me(accessToken?: string, options?: SendOptions): Promise<GraphqlAnswer>;
}

export interface SendOptions {
  accessToken?: string;
  headers?: Record<string, string>;
}

/** The fields of an AuthPayload. */
const AUTH_PAYLOAD = `accessToken tokenType expiresIn refreshToken deviceToken refreshTokenExpiresAt
  session { id current createdAt lastUsedAt expiresAt userAgent ipAddress }
  user { id email emailVerified roles createdAt }`;

export const REGISTER = `mutation Register($input: RegisterInput!) { register(input: $input) {
  __typename ... on AuthPayload { ${AUTH_PAYLOAD} } ... on Failure { message } ... on WeakPassword { reasons } } }`;
export const LOGIN = `mutation Login($input: LoginInput!) { login(input: $input) {
  __typename ... on AuthPayload { ${AUTH_PAYLOAD} } ... on Failure { message } } }`;
export const REFRESH = `mutation Refresh($refreshToken: String) { refreshToken(refreshToken: $refreshToken) { ${AUTH_PAYLOAD} } }`;
export const LOGOUT = 'mutation Logout($refreshToken: String) { logout(refreshToken: $refreshToken) }';
const ME = 'query Me { me { id email emailVerified roles createdAt } }';
export const SESSIONS = 'query Sessions { sessions { id current createdAt lastUsedAt expiresAt userAgent ipAddress } }';

export const GOOD_PASSWORD = 'a long enough passphrase';

/** A client of the gateway at `url`. */
export function createGraphqlClient(url: string): GraphqlClient {
  const send: GraphqlClient['send'] = async (query, variables = {}, options = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(options.accessToken === undefined ? {} : { authorization: `Bearer ${options.accessToken}` }),
        ...options.headers,
      },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    const { data, errors } = JSON.parse(text) as { data: Data; errors?: GraphqlError[] };
    return { status: response.status, headers: response.headers, text, data, errors };
  };
  const signedIn = (answer: GraphqlAnswer, field: 'register' | 'login'): Tokens => {
    const payload = answer.data?.[field];
    if (payload?.__typename !== 'AuthPayload') throw new Error(`${field} was refused: ${answer.text}`);
    return payload;
  };
  return {
    send,
    registerSomebody: async ({ email, password, ...options } = {}) => {
      const credential = {
        email: email ?? `${randomUUID()}@example.org`,
        password: password ?? GOOD_PASSWORD,
      };
      const tokens = signedIn(await send(REGISTER, { input: credential }, options), 'register');
      return { ...credential, ...tokens };
    },
    login: async ({ email, password }, options) =>
      signedIn(await send(LOGIN, { input: { email, password } }, options), 'login'),
    refresh: async (refreshToken, options) => {
      const answer = await send(REFRESH, { refreshToken }, options);
      return { ...answer, tokens: answer.data?.refreshToken ?? null };
    },
    me: (accessToken, options) => send(ME, {}, { ...options, ...(accessToken === undefined ? {} : { accessToken }) }),
  };
}
