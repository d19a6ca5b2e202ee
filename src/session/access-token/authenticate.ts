import type { AuthState, Identity, UnauthenticatedReason } from '../../graphql/auth-state.js';
import type { RevocationList } from '../revocation/revocation-list.js';
import type { VerifyAccessToken } from './verify-access-token.js';

/** Turns an `Authorization` header into what is known of the caller; never throws, never asks the database. */
export type Authenticate = (authorization: string | null) => AuthState;

/** RFC 6750 2.1; the scheme's case does not matter (RFC 9110 11.1), and a longer word is another scheme (5.6.2). */
const BEARER = /^bearer(?![\w!#$%&'*+.^`|~-]) *(.*)$/is;

/** What the token says, held against what this process knows to have ended. */
export function createAuthenticate(needs: {
  verify: VerifyAccessToken;
  revocations: RevocationList;
  isFeedBehind: () => boolean;
  onSeen: (identity: Identity) => void;
}): Authenticate {
  const { verify, revocations, isFeedBehind, onSeen } = needs;
  const rejected = (reason: UnauthenticatedReason): AuthState => ({ state: 'rejected', reason });
  return (authorization) => {
    const match = authorization === null ? null : BEARER.exec(authorization);
    // Another scheme is not ours to judge.
    if (match === null) return { state: 'anonymous' };
    const verified = verify(match[1] ?? '');
    if (verified.kind === 'expired') return rejected('TOKEN_EXPIRED');
    if (verified.kind === 'invalid') return rejected('TOKEN_INVALID');
    const { identity } = verified;
    const standing = revocations.check(identity);
    if (standing === 'session_ended') return rejected('SESSION_ENDED');
    if (standing === 'user_changed') return { state: 'rejected', reason: 'TOKEN_EXPIRED', formerIdentity: identity };
    onSeen(identity);
    return { state: isFeedBehind() ? 'unknown' : 'authenticated', identity };
  };
}
