import type { MailKind } from '../mail-kind.js';
import type { MailWords } from './layout.js';
import type { MailFacts } from './mail-facts.js';

const NOT_YOU_RESET =
  'Wenn Sie das nicht waren, setzen Sie jetzt Ihr Passwort zurück: Wählen Sie auf der Anmeldeseite, dass Sie es ' +
  'vergessen haben. Damit enden alle Sitzungen.';
const LINK_24_HOURS = 'Der Link gilt 24 Stunden und fragt nach dem Passwort des Kontos.';
const NOTHING_HAPPENS = 'Wenn Sie das nicht angefordert haben, müssen Sie nichts tun: Ohne Sie geschieht nichts.';
const WAS_YOU = 'Wenn Sie das waren, müssen Sie nichts tun.';

/** The texts in German. */
export const german: Record<MailKind, (facts: MailFacts) => MailWords> = {
  VERIFY_EMAIL: ({ link }) => ({
    subject: 'Bestätigen Sie Ihre E-Mail-Adresse',
    paragraphs: ['Bitte bestätigen Sie, dass diese E-Mail-Adresse Ihnen gehört.'],
    button: button('Adresse bestätigen', link),
    closing: [LINK_24_HOURS, NOTHING_HAPPENS],
  }),
  REGISTRATION_ATTEMPT: () => ({
    subject: 'Jemand wollte sich mit Ihrer Adresse registrieren',
    paragraphs: [
      'Jemand wollte mit dieser E-Mail-Adresse ein Konto anlegen. Sie haben schon eines, und daran hat sich nichts geändert.',
      'Wenn Sie das waren: Melden Sie sich wie gewohnt an. Wenn Sie Ihr Passwort nicht mehr wissen, wählen Sie auf der ' +
        'Anmeldeseite, dass Sie es vergessen haben.',
    ],
    closing: ['Wenn Sie das nicht waren, müssen Sie nichts tun.'],
  }),
  RESET_PASSWORD: ({ link }) => ({
    subject: 'Wählen Sie ein neues Passwort',
    paragraphs: ['Sie können jetzt ein neues Passwort wählen. Damit enden alle Sitzungen Ihres Kontos.'],
    button: button('Neues Passwort wählen', link),
    closing: [
      'Der Link gilt 10 Minuten und nur einmal.',
      'Wenn Sie das nicht angefordert haben, müssen Sie nichts tun: Ihr Passwort bleibt, wie es ist.',
    ],
  }),
  CONFIRM_EMAIL_CHANGE: ({ link }) => ({
    subject: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
    paragraphs: ['Bitte bestätigen Sie, dass Ihr Konto von nun an diese E-Mail-Adresse haben soll.'],
    button: button('Diese Adresse verwenden', link),
    closing: [LINK_24_HOURS, NOTHING_HAPPENS],
  }),
  EMAIL_CHANGED: ({ link, ...facts }) => ({
    subject: 'Die E-Mail-Adresse Ihres Kontos wurde geändert',
    paragraphs: ['Ihr Konto hat jetzt eine andere E-Mail-Adresse.'],
    facts: factLines(facts),
    button: button('Änderung rückgängig machen', link),
    closing: [
      'Wenn Sie das waren, müssen Sie nichts tun. Wenn nicht, machen Sie die Änderung binnen 7 Tagen rückgängig: Sie ' +
        'erhalten diese Adresse zurück, wählen ein neues Passwort, und alle Sitzungen enden.',
    ],
  }),
  PASSWORD_CHANGED: (facts) => ({
    subject: 'Ihr Passwort wurde geändert',
    paragraphs: [`Das Passwort Ihres Kontos wurde geändert${again(facts)}.`],
    facts: factLines(facts),
    closing: [WAS_YOU, NOT_YOU_RESET],
  }),
  NEW_DEVICE: (facts) => ({
    subject: 'Anmeldung auf einem neuen Gerät',
    paragraphs: [`Jemand hat sich auf einem bisher unbekannten Gerät bei Ihrem Konto angemeldet${again(facts)}.`],
    facts: factLines(facts),
    closing: [WAS_YOU, NOT_YOU_RESET],
  }),
  REFRESH_TOKEN_REUSED: (facts) => ({
    subject: 'Eine Sitzung Ihres Kontos wurde beendet',
    paragraphs: [
      `Ein Schlüssel einer Ihrer Sitzungen wurde zweimal verwendet${again(facts)}. Vielleicht hat ihn jemand kopiert; ` +
        'deshalb wurde diese Sitzung beendet.',
    ],
    facts: factLines(facts),
    closing: [
      'Melden Sie sich neu an. Wenn das noch einmal geschieht oder Sie fremde Anmeldungen sehen, setzen Sie Ihr Passwort ' +
        'zurück: Damit enden alle Sitzungen.',
    ],
  }),
};

function button(label: string, href: string | null): MailWords['button'] {
  return href === null ? undefined : { label, href };
}

function again({ repeats }: Pick<MailFacts, 'repeats'>): string {
  return repeats > 0 ? ` (seit unserer letzten Nachricht ${repeats + 1} Mal)` : '';
}

function factLines({ newEmail, at, device, ipAddress }: Omit<MailFacts, 'link'>): [string, string][] {
  const lines: [string, string | null][] = [
    ['Neue Adresse', newEmail],
    ['Zeit', at],
    ['Gerät', device],
    ['IP-Adresse', ipAddress],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== null);
}
