import { parseCookie } from 'cookie';

/** The distinct values under this name in a `Cookie` header, in their order, as they came. */
export function cookieValues(name: string, header: string | null): string[] {
  return [...new Set((header ?? '').split(';').flatMap((pair) => valueUnder(name, pair)))];
}

/**
 * One pair at a time: of a whole header, the parser would give the first value alone and hide that there are more. It
 * trims spaces and tabs only, as browsers do, so that no other character turns another name into ours.
 */
function valueUnder(name: string, pair: string): string[] {
  const value = parseCookie(pair, { decode: (text) => text })[name];
  return value === undefined ? [] : [value];
}
