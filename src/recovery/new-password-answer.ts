import { badUserInput } from '../graphql/errors.js';
import { MALFORMED_TEXT } from '../session/malformed-text.js';
import { type WeakPasswordType, weakPassword } from '../session/sign-in.type.js';
import type { DeliverDeviceToken } from './deliver-device-token.js';
import { LinkExpiredType, PasswordResetType } from './recovery.type.js';
import type { ResetPasswordOutcome } from './reset-password.js';

/**
 * What a client is answered where a link and a new password were sent.
 *
 * @throws `BAD_USER_INPUT` where the password can't be typed.
 */
export function resetAnswer(
  outcome: ResetPasswordOutcome,
  deliver: ReturnType<DeliverDeviceToken>,
): PasswordResetType | LinkExpiredType | WeakPasswordType {
  switch (outcome.kind) {
    case 'reset':
      return Object.assign(new PasswordResetType(), { email: outcome.email, deviceToken: deliver(outcome) });
    case 'link_expired':
      return new LinkExpiredType();
    case 'weak_password':
      return weakPassword(outcome.reasons);
    case 'malformed':
      throw untypable(['input', 'password']);
  }
}

/** `BAD_USER_INPUT` about the argument that holds a new password. */
export function untypable(argument: readonly string[]): ReturnType<typeof badUserInput> {
  return badUserInput({ message: MALFORMED_TEXT.password, argument });
}
