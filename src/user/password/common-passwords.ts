import { createRequire } from 'node:module';

const PRODUCT_NAME = 'gatehouse';

/** What fingers run along. Any stretch of these, either way, is no secret. */
const RUNS = [
  'abcdefghijklmnopqrstuvwxyz',
  '12345678901234567890',
  'qwertyuiopasdfghjklzxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
].flatMap((run) => [run, [...run].reverse().join('')]);

const RUN_LENGTH_MIN = 4;

/** So few characters are easy to guess, however often they are repeated. */
const REPEATED_LENGTH_MAX = 3;

const LETTER = /\p{L}/u;

/**
 * Whether a password is one of those that are tried first. Ignoring case, it is
 *
 * 1. one of 49,233 commonly used passwords or the product's name, or one of these repeated,
 * 2. or that with digits, signs or spaces before or after it, or with the product's name in it,
 * 3. or up to three characters repeated, or a run along the alphabet, the digits or the keyboard.
 *
 * Several different words are never refused, though each may be listed: passphrases are made of them.
 */
export function isCommonPassword(password: string): boolean {
  const text = password.toLowerCase();
  if (isRun(text) || isShortAndRepeated(text) || isListedAtHeart(text)) return true;
  const rest = text.replaceAll(PRODUCT_NAME, '');
  return rest !== text && (!LETTER.test(rest) || isListedAtHeart(rest));
}

function isRun(text: string): boolean {
  return text.length >= RUN_LENGTH_MIN && RUNS.some((run) => run.includes(text));
}

function isShortAndRepeated(text: string): boolean {
  const unit = repeatedUnit(text);
  return unit !== text && [...unit].length <= REPEATED_LENGTH_MAX;
}

function isListedAtHeart(text: string): boolean {
  const withoutSigns = text.replace(/^[^\p{L}\p{N}]+/u, '').replace(/[^\p{L}\p{N}]+$/u, '');
  const withoutDigits = text.replace(/^\P{L}+/u, '').replace(/\P{L}+$/u, '');
  return [text, withoutSigns, withoutDigits].some(isListedOrRepeated);
}

function isListedOrRepeated(text: string): boolean {
  const unit = repeatedUnit(text);
  const unitWithoutSeparator = unit.replace(/\P{L}+$/u, '');
  return [text, unit, unitWithoutSeparator].some(isListed);
}

function isListed(text: string): boolean {
  return text === PRODUCT_NAME || commonPasswords().has(text);
}

/** The shortest beginning that, said again and again and perhaps cut short at the end, makes up the whole. */
function repeatedUnit(text: string): string {
  const characters = [...text];
  for (let length = 1; length < characters.length; length += 1) {
    if (characters.every((character, index) => character === characters[index % length])) {
      return characters.slice(0, length).join('');
    }
  }
  return text;
}

let loaded: ReadonlySet<string> | null = null;

/** Read at the first need: it takes memory and some 25 ms, which starting the gateway should not wait for. */
function commonPasswords(): ReadonlySet<string> {
  if (loaded === null) {
    const require = createRequire(import.meta.url);
    const { dictionary } = require('@zxcvbn-ts/language-common') as typeof import('@zxcvbn-ts/language-common');
    loaded = new Set(dictionary['passwords-common']);
  }
  return loaded;
}
