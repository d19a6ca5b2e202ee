/** Who a verified access token speaks for, and until when. */
export interface AccessToken {
  /** Claim `sub`. */
  readonly userId: string;
  /** Claim `sid` (OpenID Connect Back-Channel Logout 2.1): the session that the token was issued in. */
  readonly sessionId: string;
  /** Claim `roles`, as they were when the token was issued. */
  readonly roles: readonly string[];
  /** Claim `scope` (RFC 8693 4.2), split at its spaces. */
  readonly scopes: readonly string[];
  /** Claim `auth_time` (OpenID Connect Core 2): when a credential was last checked. */
  readonly authTime: Date;
  /** Claim `amr` (RFC 8176): how it was checked. */
  readonly amr: readonly string[];
  /** Claim `jti` (RFC 7519 4.1.7). */
  readonly tokenId: string | null;
  /** Claim `iat`. */
  readonly issuedAt: Date;
  /** Claim `exp`. */
  readonly expiresAt: Date;
}
