/** What a terminal would obey, or show out of its order: controls, formats, lone surrogates, line ends of other kinds. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** Text that somebody else wrote, such as a `User-Agent`, made harmless for a terminal; of at most `length` characters. */
export function printable(text: string, length = 80): string {
  const harmless = text.replace(UNPRINTABLE, '\u{fffd}');
  const characters = [...harmless];
  return characters.length <= length ? harmless : `${characters.slice(0, length - 1).join('')}…`;
}

/** The same JSON; what a terminal would obey is written as `\uXXXX`. */
export function printableJson(value: object): string {
  return JSON.stringify(value).replace(UNPRINTABLE, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
