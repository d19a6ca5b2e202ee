import type { MailKind } from '../mail-kind.js';
import type { MailWords } from './layout.js';
import type { MailFacts } from './mail-facts.js';

const NOT_YOU_RESET =
  'If it was not you, reset your password now: on the sign-in page, choose that you forgot it. That ends all sessions.';

/** The texts in English. */
export const english: Record<MailKind, (facts: MailFacts) => MailWords> = {
  VERIFY_EMAIL: ({ link }) => ({
    subject: 'Confirm your e-mail address',
    paragraphs: ['Please confirm that this e-mail address is yours.'],
    button: button('Confirm this address', link),
    closing: [
      'The link is good for 24 hours, and asks for the password of the account.',
      'If you did not ask for this, you need not do anything: nothing happens without you.',
    ],
  }),
  REGISTRATION_ATTEMPT: () => ({
    subject: 'Somebody tried to register with your address',
    paragraphs: [
      'Somebody tried to make an account with this e-mail address. You have one already, and nothing about it has changed.',
      'If it was you: sign in as usual. If you do not know your password any more, choose on the sign-in page that you forgot it.',
    ],
    closing: ['If it was not you, you need not do anything.'],
  }),
  RESET_PASSWORD: ({ link }) => ({
    subject: 'Choose a new password',
    paragraphs: ['You can now choose a new password. That ends all sessions of your account.'],
    button: button('Choose a new password', link),
    closing: [
      'The link is good for 10 minutes, and once.',
      'If you did not ask for this, you need not do anything: your password stays as it is.',
    ],
  }),
  CONFIRM_EMAIL_CHANGE: ({ link }) => ({
    subject: 'Confirm your new e-mail address',
    paragraphs: ['Please confirm that your account is to have this e-mail address from now on.'],
    button: button('Use this address', link),
    closing: [
      'The link is good for 24 hours, and asks for the password of the account.',
      'If you did not ask for this, you need not do anything: nothing happens without you.',
    ],
  }),
  EMAIL_CHANGED: ({ link, ...facts }) => ({
    subject: 'The e-mail address of your account was changed',
    paragraphs: ['Your account now has another e-mail address.'],
    facts: factLines(facts),
    button: button('Undo this change', link),
    closing: [
      'If it was you, you need not do anything. If it was not, undo it within 7 days of the change: you get this ' +
        'address back, choose a new password, and all sessions end.',
    ],
  }),
  PASSWORD_CHANGED: (facts) => ({
    subject: 'Your password was changed',
    paragraphs: [`The password of your account was changed${again(facts)}.`],
    facts: factLines(facts),
    closing: ['If it was you, you need not do anything.', NOT_YOU_RESET],
  }),
  NEW_DEVICE: (facts) => ({
    subject: 'Sign-in on a new device',
    paragraphs: [`Somebody signed in to your account on a device that was not known before${again(facts)}.`],
    facts: factLines(facts),
    closing: ['If it was you, you need not do anything.', NOT_YOU_RESET],
  }),
  REFRESH_TOKEN_REUSED: (facts) => ({
    subject: 'A session of your account was ended',
    paragraphs: [
      `A key of one of your sessions was used twice${again(facts)}. Somebody may have copied it, so that session was ended.`,
    ],
    facts: factLines(facts),
    closing: [
      'Sign in again. If this happens once more, or if you see sign-ins that were not yours, reset your password: that ' +
        'ends all sessions.',
    ],
  }),
};

function button(label: string, href: string | null): MailWords['button'] {
  return href === null ? undefined : { label, href };
}

function again({ repeats }: Pick<MailFacts, 'repeats'>): string {
  return repeats > 0 ? `, ${repeats + 1} times since we last wrote` : '';
}

function factLines({ newEmail, at, device, ipAddress }: Omit<MailFacts, 'link'>): [string, string][] {
  const lines: [string, string | null][] = [
    ['New address', newEmail],
    ['When', at],
    ['Device', device],
    ['IP address', ipAddress],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== null);
}
