import { domainToASCII, domainToUnicode } from 'node:url';

export type EmailAddressParse = { kind: 'email'; address: string } | { kind: 'malformed' };

/** An address has at most 254 octets; an international domain is at most twice as long in UTF-16 as in punycode. The rest is room for spaces. */
const TEXT_MAX = 1024;
/** RFC 5321 4.5.3.1.3, less the angle brackets of a path. */
const ADDRESS_MAX = 254;
/** RFC 5321 4.5.3.1.1. */
const LOCAL_PART_MAX = 64;
/** As many labels as 253 octets can hold. */
const LABELS_MAX = 127;

const LONE_SURROGATE = /\p{Cs}/u;
const ONLY_ASCII = /^\p{ASCII}*$/u;
/** RFC 5322 3.2.3. The dot is no atext, so that there is one way to match: no backtracking. */
const DOT_ATOM = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
/** RFC 1123 2.1. */
const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** All that a label may hold before conversion: the URL parser behind it would decode `%41` and cut at `/`, `?` and `#`. */
const LABEL_CHARACTERS = /^[a-z0-9\P{ASCII}-]+$/u;

const MALFORMED: EmailAddressParse = { kind: 'malformed' };

/**
 * Reads an e-mail address into the one form it is stored and looked up by: without spaces around it, wholly lower-cased,
 * its domain in punycode; anything of which two readers could make two addresses is malformed.
 */
export function parseEmailAddress(text: string): EmailAddressParse {
  // Before all else, so that no input costs more than a short one.
  if (text.length > TEXT_MAX) return MALFORMED;
  const trimmed = trimSpaces(text);
  // Before lower-casing, which would turn the Kelvin sign into an ASCII k.
  if (LONE_SURROGATE.test(trimmed) || trimmed.normalize('NFKC') !== trimmed) return MALFORMED;

  const [localPart = '', domainText = '', ...rest] = trimmed.split('@');
  if (rest.length > 0 || localPart.length > LOCAL_PART_MAX || !DOT_ATOM.test(localPart)) return MALFORMED;
  const domain = toAsciiDomain(domainText.toLowerCase());
  if (domain === null) return MALFORMED;
  const address = `${localPart.toLowerCase()}@${domain}`;
  return address.length > ADDRESS_MAX ? MALFORMED : { kind: 'email', address };
}

/** Only U+0020: `String.trim` would swallow CR, LF and U+2028 too, which are to be refused. */
function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === ' ') start += 1;
  while (end > start && text[end - 1] === ' ') end -= 1;
  return text.slice(start, end);
}

function toAsciiDomain(domain: string): string | null {
  const labels = domain.split('.');
  if (labels.length < 2 || labels.length > LABELS_MAX) return null;
  const asciiLabels = labels.map(toAsciiLabel);
  if (asciiLabels.includes(null) || /^\d+$/.test(asciiLabels.at(-1) ?? '')) return null;
  const ascii = asciiLabels.join('.');
  // The whole once more: hosts that end in a number (`a.0x7f`) are IPv4 to the parser, and some rules look across labels.
  return domainToASCII(ascii) === ascii ? ascii : null;
}

/** A label in punycode; null where the conversion isn't one to one, as with soft hyphens, which it drops. */
function toAsciiLabel(label: string): string | null {
  if (!LABEL_CHARACTERS.test(label)) return null;
  if (!ONLY_ASCII.test(label)) {
    const ascii = domainToASCII(label);
    return HOST_LABEL.test(ascii) && domainToUnicode(ascii) === label ? ascii : null;
  }
  if (!HOST_LABEL.test(label)) return null;
  if (label.startsWith('xn--') && domainToASCII(domainToUnicode(label)) !== label) return null;
  return label;
}
