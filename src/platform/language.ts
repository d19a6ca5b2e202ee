import Negotiator from 'negotiator';

/** The languages that the gateway's mails and pages are written in; the first where none is asked for. */
export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

const ACCEPT_LANGUAGE_CHARACTERS_MAX = 256;

/** The best of our languages for an `Accept-Language` header (RFC 9110 12.5.4); null: it names none of them. */
export function languageOf(acceptLanguage: string | string[] | undefined): Language | null {
  if (typeof acceptLanguage !== 'string' || acceptLanguage.length > ACCEPT_LANGUAGE_CHARACTERS_MAX) return null;
  // `*` names none: whoever asks for any leaves the choice to what is known of the user.
  const named = acceptLanguage
    .split(',')
    .filter((range) => !range.trim().startsWith('*'))
    .join(',');
  if (named.trim() === '') return null;
  const headers = { 'accept-language': named };
  const [best] = new Negotiator({ headers }).languages([...languages]);
  return languages.find((language) => language === best) ?? null;
}

/** A stored language, which another version may have written, as one of ours. */
export function knownLanguage(language: string | null): Language | null {
  return languages.find((known) => known === language) ?? null;
}
