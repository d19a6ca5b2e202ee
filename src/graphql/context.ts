import type { AuthState, Identity } from './auth-state.js';

/** What the transport tells of a request. */
export interface RequestFacts {
  requestId: string;
  /** The client's address: the socket's, unless a trusted proxy says otherwise. */
  ipAddress: string;
  userAgent: string | null;
  /** The `Authorization` header, as it came. */
  authorization: string | null;
}

/** What a resolver may know of the request it answers. */
export interface GatewayContext {
  requestId: string;
  ipAddress: string;
  userAgent: string | null;
  auth: AuthState;
  /**
   * The caller, sure to be signed in now.
   *
   * @throws `UNAUTHENTICATED` with the reason, or `SERVICE_UNAVAILABLE` where it can't be told.
   */
  requireAuth(): Promise<Identity>;
}
