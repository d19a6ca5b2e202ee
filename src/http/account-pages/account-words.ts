import type { Language } from '../../platform/language.js';
import type { AccountPage } from '../../platform/mail/account-link.js';

/** The words of one page. */
interface PageWords {
  title: string;
  intro: string;
  /** Of the field for the password. */
  passwordLabel: string;
  button: string;
  done: string;
}

/** What a page says of an outcome; the script picks by the name of the answer's type or the code of its error. */
export interface AccountWords {
  pages: Record<AccountPage, PageWords>;
  showPassword: string;
  forgotten: string;
  emailLabel: string;
  sendReset: string;
  resetSent: string;
  needsScript: string;
  outcomes: Record<string, string>;
  weaknesses: Record<string, string>;
}

const english: AccountWords = {
  pages: {
    'verify-email': {
      title: 'Confirm your e-mail address',
      intro: 'To confirm that this address is yours, enter the password of the account.',
      passwordLabel: 'Password',
      button: 'Confirm',
      done: 'Your e-mail address is confirmed. You can close this page and sign in.',
    },
    'reset-password': {
      title: 'Choose a new password',
      intro: 'All sessions of your account end. Then sign in with the new password.',
      passwordLabel: 'New password',
      button: 'Set the password',
      done: 'Your new password is set. You can close this page and sign in.',
    },
    'confirm-email-change': {
      title: 'Confirm your new e-mail address',
      intro: 'To use this address from now on, enter the password of the account.',
      passwordLabel: 'Password',
      button: 'Confirm',
      done: 'Your account has the new e-mail address. You can close this page.',
    },
    'undo-email-change': {
      title: 'Undo the change of your e-mail address',
      intro: 'Your account gets its old address back, and all its sessions end. Choose a new password for it.',
      passwordLabel: 'New password',
      button: 'Undo the change',
      done: 'Your account has its old address and the new password. You can close this page and sign in.',
    },
  },
  showPassword: 'Show the password',
  forgotten: 'Password forgotten, or not chosen by you?',
  emailLabel: 'E-mail address of the account',
  sendReset: 'Send me a link for a new password',
  resetSent: 'If this address has an account, a mail with a link is on its way.',
  needsScript: 'This page needs JavaScript.',
  outcomes: {
    NO_LINK: 'The link is not complete, or this page was loaded anew. Open the link in the mail again.',
    LinkExpired: 'This link is not good any more: it was used, or it is too old. Ask for a new one.',
    PasswordRequired: 'Enter the password of the account.',
    InvalidCredentials: 'That is not the password of the account.',
    EmailTaken: 'This address belongs to another account by now.',
    WeakPassword: 'Choose another password.',
    RATE_LIMITED: 'Too many tries. Wait a while, then try again.',
    SERVICE_UNAVAILABLE: 'That can not be done at the moment. Try again soon.',
    BAD_USER_INPUT: 'Something in the form is not right. Check it, please.',
    OTHER: 'That did not work. Try again later.',
  },
  weaknesses: {
    TOO_SHORT: 'It is too short.',
    TOO_LONG: 'It is too long.',
    COMMON: 'It is one of those that are tried first.',
    CONTAINS_EMAIL: 'It contains the first part of your e-mail address.',
    BREACHED: 'It is known from a data breach.',
  },
};

const german: AccountWords = {
  pages: {
    'verify-email': {
      title: 'E-Mail-Adresse bestätigen',
      intro: 'Um zu bestätigen, dass diese Adresse Ihnen gehört, geben Sie das Passwort des Kontos ein.',
      passwordLabel: 'Passwort',
      button: 'Bestätigen',
      done: 'Ihre E-Mail-Adresse ist bestätigt. Sie können diese Seite schließen und sich anmelden.',
    },
    'reset-password': {
      title: 'Neues Passwort wählen',
      intro: 'Alle Sitzungen Ihres Kontos enden. Melden Sie sich danach mit dem neuen Passwort an.',
      passwordLabel: 'Neues Passwort',
      button: 'Passwort setzen',
      done: 'Ihr neues Passwort gilt. Sie können diese Seite schließen und sich anmelden.',
    },
    'confirm-email-change': {
      title: 'Neue E-Mail-Adresse bestätigen',
      intro: 'Um von nun an diese Adresse zu verwenden, geben Sie das Passwort des Kontos ein.',
      passwordLabel: 'Passwort',
      button: 'Bestätigen',
      done: 'Ihr Konto hat die neue E-Mail-Adresse. Sie können diese Seite schließen.',
    },
    'undo-email-change': {
      title: 'Änderung der E-Mail-Adresse rückgängig machen',
      intro:
        'Ihr Konto erhält seine alte Adresse zurück, und alle Sitzungen enden. Wählen Sie ein neues Passwort dafür.',
      passwordLabel: 'Neues Passwort',
      button: 'Rückgängig machen',
      done: 'Ihr Konto hat seine alte Adresse und das neue Passwort. Sie können diese Seite schließen und sich anmelden.',
    },
  },
  showPassword: 'Passwort anzeigen',
  forgotten: 'Passwort vergessen oder nicht von Ihnen gewählt?',
  emailLabel: 'E-Mail-Adresse des Kontos',
  sendReset: 'Link für ein neues Passwort senden',
  resetSent: 'Wenn es zu dieser Adresse ein Konto gibt, ist eine Mail mit einem Link unterwegs.',
  needsScript: 'Diese Seite braucht JavaScript.',
  outcomes: {
    NO_LINK:
      'Der Link ist unvollständig, oder diese Seite wurde neu geladen. Öffnen Sie den Link in der Mail noch einmal.',
    LinkExpired: 'Dieser Link gilt nicht mehr: Er wurde schon verwendet oder ist zu alt. Fordern Sie einen neuen an.',
    PasswordRequired: 'Geben Sie das Passwort des Kontos ein.',
    InvalidCredentials: 'Das ist nicht das Passwort des Kontos.',
    EmailTaken: 'Diese Adresse gehört inzwischen zu einem anderen Konto.',
    WeakPassword: 'Wählen Sie ein anderes Passwort.',
    RATE_LIMITED: 'Zu viele Versuche. Warten Sie eine Weile und versuchen Sie es dann noch einmal.',
    SERVICE_UNAVAILABLE: 'Das geht gerade nicht. Versuchen Sie es bald noch einmal.',
    BAD_USER_INPUT: 'Etwas im Formular stimmt nicht. Bitte prüfen Sie es.',
    OTHER: 'Das hat nicht geklappt. Versuchen Sie es später noch einmal.',
  },
  weaknesses: {
    TOO_SHORT: 'Es ist zu kurz.',
    TOO_LONG: 'Es ist zu lang.',
    COMMON: 'Es ist eines von denen, die zuerst versucht werden.',
    CONTAINS_EMAIL: 'Es enthält den ersten Teil Ihrer E-Mail-Adresse.',
    BREACHED: 'Es ist aus einem Datenleck bekannt.',
  },
};

/** The words of the pages, by language. */
export const accountWords: Record<Language, AccountWords> = { en: english, de: german };
