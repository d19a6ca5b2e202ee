import type { MailKind } from '../../platform/mail/mail-kind.js';
import type { ComposeMail, Composers } from '../../platform/mail/mail-worker.js';
import { renderMail } from '../../platform/mail/templates/render-mail.js';
import type { UserRepository } from '../../user/user.repository.js';

/** Notices without a link: what they say was written down with the change they tell of. */
const KINDS = ['NEW_DEVICE', 'PASSWORD_CHANGED', 'REFRESH_TOKEN_REUSED'] as const satisfies MailKind[];

/**
 * Composers of the notices, in the language of the user: what the request asked for may be the language of whoever took
 * the account over.
 */
export function createNoticeComposers({ users }: { users: UserRepository }): Composers {
  const composer =
    (kind: MailKind): ComposeMail =>
    async ({ userId, address, language, details }) => {
      const known = userId === null ? null : await users.findLanguage(userId);
      return renderMail({ kind, language: known ?? language, to: address, details, link: null });
    };
  return Object.fromEntries(KINDS.map((kind) => [kind, composer(kind)]));
}
