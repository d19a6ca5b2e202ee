import DataLoader from 'dataloader';
import type { AuthState, Identity, UnauthenticatedReason } from './auth-state.js';
import { unauthenticated } from './errors.js';

/** A user as `loadUser` reads them. */
export interface LoadedUser {
  id: string;
  email: string;
  emailVerified: boolean;
  roles: readonly string[];
  createdAt: Date;
}

/** What the database says of a session. */
type Standing = 'current' | 'session_ended' | 'user_changed';

/** What may be asked about callers and users. */
export interface AuthNeeds {
  authenticate: (authorization: string | null) => AuthState;
  /** Asks the database whether the session still lives, where this process can't tell. */
  lookUpSession: (identity: Identity) => Promise<Standing>;
  /** A user whom this process may show without asking; null: it has to ask. */
  knownUser: (userId: string) => LoadedUser | null;
  /** By one statement; whoever is gone or disabled is left out. */
  findUsers: (userIds: readonly string[]) => Promise<readonly LoadedUser[]>;
}

/** Who is calling, and what they may do. Of somebody who is not sure to be signed in, nothing is told. */
export class Auth {
  readonly #needs: AuthNeeds;
  #verified: AuthState;
  #lookingUp: Promise<void> | null = null;
  #users: DataLoader<string, LoadedUser | null> | null = null;

  constructor(authorization: string | null, needs: AuthNeeds) {
    this.#needs = needs;
    this.#verified = needs.authenticate(authorization);
  }

  /**
   * `unknown`: the token is genuine, but this process can't tell right now whether its session still lives;
   * `requireAuth()` finds out. A guarded field is never reached in another state than `authenticated`.
   */
  get state(): AuthState['state'] {
    return this.#verified.state;
  }

  /** The caller; null unless the state is `authenticated`. */
  get identity(): Identity | null {
    return this.#verified.state === 'authenticated' ? this.#verified.identity : null;
  }

  /** Whom a genuine token names, even if it is out of date or nobody can vouch for it: good for logging out alone. */
  get tokenIdentity(): Identity | null {
    const verified = this.#verified;
    if (verified.state === 'anonymous') return null;
    return verified.state === 'rejected' ? (verified.formerIdentity ?? null) : verified.identity;
  }

  /** Claim `sub`. */
  get userId(): string | null {
    return this.identity?.userId ?? null;
  }

  /** Claim `sid`. */
  get sessionId(): string | null {
    return this.identity?.sessionId ?? null;
  }

  get roles(): readonly string[] {
    return this.identity?.roles ?? [];
  }

  get scopes(): readonly string[] {
    return this.identity?.scopes ?? [];
  }

  /** When a credential was last checked (claim `auth_time`, OpenID Connect Core 2). */
  get authTime(): Date | null {
    return this.identity?.authTime ?? null;
  }

  /** How it was checked (claim `amr`, RFC 8176). */
  get amr(): readonly string[] {
    return this.identity?.amr ?? [];
  }

  hasRole(role: string): boolean {
    return this.roles.includes(role);
  }

  hasScope(scope: string): boolean {
    return this.scopes.includes(scope);
  }

  /**
   * The caller, sure to be signed in now.
   *
   * @throws `UNAUTHENTICATED` with the reason, or `SERVICE_UNAVAILABLE` where it can't be told; always as a rejection.
   */
  async requireAuth(): Promise<Identity> {
    if (this.#verified.state === 'unknown') {
      this.#lookingUp ??= this.#lookUp(this.#verified.identity);
      await this.#lookingUp;
    }
    const verified = this.#verified;
    if (verified.state === 'authenticated') return verified.identity;
    throw unauthenticated(verified.state === 'rejected' ? verified.reason : 'NO_TOKEN');
  }

  /**
   * The profile of a user, the caller's where no id is given; a change of it shows within two seconds. Who is not known
   * to this process is read in one statement with all others that are asked for at the same time, once in a request.
   * null: nobody, or somebody gone or disabled.
   */
  async loadUser(userId: string | null = this.userId): Promise<LoadedUser | null> {
    if (userId === null) return null;
    const known = this.#needs.knownUser(userId);
    if (known !== null) return known;
    this.#users ??= new DataLoader(async (userIds) => {
      const found = new Map((await this.#needs.findUsers(userIds)).map((user) => [user.id, user]));
      return userIds.map((id) => found.get(id) ?? null);
    });
    return this.#users.load(userId);
  }

  async #lookUp(identity: Identity): Promise<void> {
    const standing = await this.#needs.lookUpSession(identity);
    const rejected = (reason: UnauthenticatedReason): AuthState => ({ state: 'rejected', reason });
    if (standing === 'current') this.#verified = { state: 'authenticated', identity };
    else if (standing === 'session_ended') this.#verified = rejected('SESSION_ENDED');
    // The client refreshes and gets a token with the user's new roles.
    else this.#verified = { state: 'rejected', reason: 'TOKEN_EXPIRED', formerIdentity: identity };
  }
}
