import type { AuditTrail } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Database } from '../platform/database/database.js';
import type { Limits } from '../platform/limits/limits.js';
import type { AccountLink } from '../platform/mail/account-link.js';
import type { MailWake } from '../platform/mail/mail-wake.js';
import type { Random } from '../platform/random.js';
import type { CookieDelivery } from '../session/cookie-delivery.js';
import type { DeviceTokens } from '../session/device/device-token.js';
import type { EndingRepository } from '../session/revocation/ending.repository.js';
import type { RevocationList } from '../session/revocation/revocation-list.js';
import type { CheckNewPassword } from '../user/password/check-new-password.js';
import type { PasswordHasher } from '../user/password/password-hasher.js';
import type { UserRepository } from '../user/user.repository.js';
import { createAccountOpeningRepository } from './account-opening.repository.js';
import { createAccountTokenRepository } from './account-token.repository.js';
import { createChangePassword } from './change-password.js';
import { createConfirmEmailChange } from './confirm-email-change.js';
import { createDeleteAccount } from './delete-account.js';
import { createDeletionRepository } from './deletion.repository.js';
import { createDeliverDeviceToken } from './deliver-device-token.js';
import { createEmailRepository } from './email.repository.js';
import { createFindLink } from './find-link.js';
import { createRecipientRepository } from './mails/recipient.repository.js';
import { createRecoveryComposers } from './mails/recovery-composers.js';
import { createPasswordRepository } from './password.repository.js';
import { createRequestRepository } from './request.repository.js';
import { createRequestEmailChange } from './request-email-change.js';
import { createRequestEmailVerification } from './request-email-verification.js';
import { createRequestPasswordReset } from './request-password-reset.js';
import { createResetPassword } from './reset-password.js';
import { createUndoEmailChange } from './undo-email-change.js';
import { createVerifyEmail } from './verify-email.js';
import { createVouch } from './vouch.js';

export interface RecoveryParts {
  database: Database;
  users: UserRepository;
  hasher: PasswordHasher;
  checkNewPassword: CheckNewPassword;
  audit: AuditTrail;
  limits: Limits;
  mailWake: MailWake;
  accountLink: AccountLink;
  endings: EndingRepository;
  revocations: RevocationList;
  cookieDelivery: CookieDelivery;
  deviceTokens: DeviceTokens;
  clock: Clock;
  random: Random;
}

/** Puts the parts of recovery together: use cases, and the composers of its mails. */
export function assembleRecovery(parts: RecoveryParts) {
  const { database } = parts;
  const tokens = createAccountTokenRepository({ database });
  const findLink = createFindLink({ ...parts, tokens });
  const needs = {
    ...parts,
    findLink,
    vouch: createVouch(parts),
    emails: createEmailRepository(parts),
    passwords: createPasswordRepository(parts),
    openings: createAccountOpeningRepository({ database }),
    requests: createRequestRepository({ database }),
    deletions: createDeletionRepository(parts),
  };
  return {
    composers: createRecoveryComposers({ ...parts, tokens, recipients: createRecipientRepository({ database }) }),
    deliverDeviceToken: createDeliverDeviceToken(parts),
    useCases: {
      requestEmailVerification: createRequestEmailVerification(needs),
      verifyEmail: createVerifyEmail(needs),
      requestPasswordReset: createRequestPasswordReset(needs),
      resetPassword: createResetPassword(needs),
      changePassword: createChangePassword(needs),
      requestEmailChange: createRequestEmailChange(needs),
      confirmEmailChange: createConfirmEmailChange(needs),
      undoEmailChange: createUndoEmailChange(needs),
      deleteAccount: createDeleteAccount(needs),
    },
  };
}
