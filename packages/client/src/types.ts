import type {
  LoginInput,
  LoginMutation,
  ReauthenticateMutation,
  RegisterInput,
  RegisterMutation,
  SignedInFragment,
  ViewerFragment,
} from './generated.js';

/** The signed-in user, as the gateway's type `User`. */
export type User = ViewerFragment;

/** What a sign-in shows of itself; its tokens stay inside the client. */
export type SignedIn = { readonly __typename: 'AuthPayload' } & Pick<SignedInFragment, 'session' | 'user'>;

type Failures<Result> = Exclude<Result, { readonly __typename: 'AuthPayload' }>;

/** Signed in, or why not; as the gateway's union of that name. */
export type RegisterResult = SignedIn | Failures<RegisterMutation['register']>;
/** Signed in, or why not; as the gateway's union of that name. */
export type LoginResult = SignedIn | Failures<LoginMutation['login']>;
/** Signed in as a moment ago, or why not; as the gateway's union of that name. */
export type ReauthenticateResult = SignedIn | Failures<ReauthenticateMutation['reauthenticate']>;

/** What somebody signs in with. */
export type Credentials = Pick<LoginInput & RegisterInput, 'email' | 'password'>;

/**
 * Whether somebody is signed in here.
 *
 * `unknown`: nobody has asked yet, or nobody could say yet. Signed out, `reason` says why: `NO_TOKEN`, there is nothing
 * to sign in with (every first visit); `INVALID_GRANT`, the session has ended or was ended; `LOGOUT`, by
 * {@link AuthClient.logout}, in this tab or another.
 */
export type AuthState =
  | { readonly status: 'unknown' }
  | { readonly status: 'signed_in'; readonly user: User }
  | { readonly status: 'signed_out'; readonly reason: SignedOutReason };

/** Why nobody is signed in. */
export type SignedOutReason = 'NO_TOKEN' | 'INVALID_GRANT' | 'LOGOUT';

/** Where a native app or a server keeps a token: a keychain, say. One token, as text. */
export interface TokenStorage {
  get(): string | null | Promise<string | null>;
  /** Resolves once the token would survive the end of the app. */
  set(token: string): void | Promise<void>;
  remove(): void | Promise<void>;
}

/** An operation was refused as the sign-in is not recent enough: the password is asked for once more. */
export interface StaleAuthentication {
  /** How recent the operation wants it. */
  readonly maxAgeSeconds: number;
  /** What was wrong with the password that was answered before; null: none was. */
  readonly failure: Failures<ReauthenticateMutation['reauthenticate']> | null;
}

/** How a client reaches its gateway, and where the refresh token lives. */
export type AuthClientOptions = {
  /** The gateway's GraphQL endpoint, e.g. `https://auth.example.org/graphql`. */
  readonly url: string;
  /** Longest wait for one answer, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
  /**
   * Asks the user for their password, where an operation needs a recent sign-in; null: they would rather not. With the
   * password, the operation is sent once more. Default: the operation is refused.
   */
  readonly onStaleAuthentication?: (stale: StaleAuthentication) => Promise<string | null>;
  /** What the platform offers, where it is not to be found globally; given by tests. */
  readonly platform?: Partial<Platform>;
} & (
  | {
      /** Into a cookie that no script can read: for pages in a browser. */
      readonly delivery: 'COOKIE';
    }
  | {
      /** Into a storage of the app's own: for native apps and servers. */
      readonly delivery: 'BODY';
      readonly storage: TokenStorage;
      /**
       * Where the device token goes, which outlives sessions: with it, signing in here takes from a limit of this
       * device's own, which nobody else can use up. Default: nowhere.
       */
      readonly deviceStorage?: TokenStorage;
    }
);

/** What the client takes of the platform that it runs on. */
export interface Platform {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Web Locks; null: there are none, and tabs rely on the gateway's grace window alone. */
  readonly locks: Pick<LockManager, 'request'> | null;
  /** Opens a channel to the other tabs; null: there are none. */
  readonly openChannel: ((name: string) => Channel) | null;
  /** Milliseconds since whenever, never backwards. */
  readonly monotonicMs: () => number;
  /** Milliseconds since 1970 by the machine's clock, right or wrong. */
  readonly wallMs: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly delay: (ms: number) => Promise<void>;
}

/** As much of a BroadcastChannel as is used. */
export interface Channel {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  close(): void;
}

/** Keeps one session at a gateway, for all tabs of an origin together. */
export interface AuthClient {
  /** The gateway's GraphQL endpoint. */
  readonly url: string;
  /** Whether somebody is signed in; the same object until that changes. */
  readonly state: AuthState;
  /** Makes an account and signs it in. @throws {AuthClientError} */
  register(credentials: Credentials): Promise<RegisterResult>;
  /** Signs in. @throws {AuthClientError} */
  login(credentials: Credentials): Promise<LoginResult>;
  /** Makes the sign-in of this session recent, by the password once more. @throws {AuthClientError} */
  reauthenticate(password: string): Promise<ReauthenticateResult>;
  /**
   * Ends the session, in all tabs.
   *
   * @throws {AuthClientError} where the gateway can't be reached: then the session goes on, here too.
   */
  logout(): Promise<void>;
  /** The signed-in user, as the gateway has them now; null: nobody is. @throws {AuthClientError} */
  me(): Promise<User | null>;
  /**
   * An access token that is good for a while; refreshed first where it is about to expire. null: nobody is signed in.
   *
   * @throws {AuthClientError} where there is none and the gateway can't answer now; the session goes on.
   */
  getAccessToken(): Promise<string | null>;
  /**
   * An access token other than `refused`, which a server has just refused. null: nobody is signed in.
   *
   * @throws {AuthClientError} where the gateway can't answer now; the session goes on.
   */
  renewAccessToken(refused: string | null): Promise<string | null>;
  /**
   * An access token of a sign-in at most `maxAgeSeconds` old, which `refused` was not of: asks
   * `onStaleAuthentication`. null: there is none, or it has no password.
   *
   * @throws {AuthClientError} where the gateway can't answer now, or there were too many tries.
   */
  freshenAuthentication(refused: string | null, maxAgeSeconds: number): Promise<string | null>;
  /** The access token in memory, if it is good for a while; sends nothing. */
  peekAccessToken(): string | null;
  /** Calls `listener` whenever {@link AuthClient.state} changes; answers how to stop that. */
  onAuthChange(listener: (state: AuthState) => void): () => void;
  /** Lets go of the channel to other tabs. */
  close(): void;
}
