/**
 * The token of a mailed link, from the fragment of the page's address, which it then leaves: neither the history nor a
 * link elsewhere is to tell it. null: there is none.
 */
export function takeLinkToken(): string | null {
  const { hash, pathname, search } = location;
  const token = new URLSearchParams(hash.slice(1)).get('token');
  if (token !== null) history.replaceState(history.state, '', `${pathname}${search}`);
  return token;
}
