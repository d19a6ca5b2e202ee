/** Who a verified access token speaks for. */
export interface Identity {
  userId: string;
  sessionId: string;
  /** The session's generation when the token was issued (claim `gen`). */
  generation: number;
  /** The user's epoch when the token was issued (claim `epoch`). */
  authEpoch: number;
  roles: readonly string[];
  scopes: readonly string[];
  /** When a credential was last checked (claim `auth_time`, OpenID Connect Core 2). */
  authTime: Date;
  /** How it was checked (claim `amr`, RFC 8176). */
  amr: readonly string[];
  /** The key that signed the token (header `kid`, RFC 7515 4.1.4); absent where none was read. */
  keyId?: string;
}

/** Why a token is needed, or not taken. The client refreshes on each but INVALID_GRANT, which is a refresh refused. */
export type UnauthenticatedReason = 'NO_TOKEN' | 'TOKEN_EXPIRED' | 'TOKEN_INVALID' | 'SESSION_ENDED' | 'INVALID_GRANT';

/** What the bearer token of a request says, before anything is asked of it. */
export type AuthState =
  | { state: 'anonymous' }
  | { state: 'authenticated'; identity: Identity }
  /** `formerIdentity` where only the user's roles have changed since a genuine token was issued: good for logout alone. */
  | { state: 'rejected'; reason: UnauthenticatedReason; formerIdentity?: Identity }
  /** The token is genuine, but this process can't tell right now whether its session still lives. */
  | { state: 'unknown'; identity: Identity };
