import { knownLanguage, type Language } from '../../language.js';
import type { MailKind } from '../mail-kind.js';
import type { Mail } from '../mailer.js';
import { english } from './english.js';
import { german } from './german.js';
import { layOut } from './layout.js';

const texts = { en: english, de: german } as const satisfies Record<Language, typeof english>;
const LOCALES = { en: 'en-GB', de: 'de-DE' } as const satisfies Record<Language, string>;

/**
 * The mail of a kind in a language, English where it is none of ours. Whatever `details` hold is text: escaped in HTML,
 * and of one line.
 *
 * @param details `at` (RFC 3339), `device`, `ipAddress`, `newEmail`, `repeats`; others are not shown.
 */
export function renderMail(needs: {
  kind: MailKind;
  language: string | null;
  to: string;
  details: Readonly<Record<string, string>>;
  link: string | null;
}): Mail {
  const { kind, to, details, link } = needs;
  const language = knownLanguage(needs.language) ?? 'en';
  const { at, device, ipAddress, newEmail, repeats } = details;
  const words = texts[language][kind]({
    link,
    at: at === undefined ? null : shownTime(at, language),
    device: device ?? null,
    ipAddress: ipAddress ?? null,
    newEmail: newEmail ?? null,
    repeats: Number(repeats ?? 0) || 0,
  });
  return layOut({ to, language, words });
}

function shownTime(at: string, language: Language): string {
  const milliseconds = Date.parse(at);
  if (Number.isNaN(milliseconds)) return at;
  const format = new Intl.DateTimeFormat(LOCALES[language], { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  return `${format.format(milliseconds)} (UTC)`;
}
