const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;
const HOST_LENGTH_MAX = 262;
const LOCAL_NAMES = ['localhost', '127.0.0.1', '[::1]'];

export interface HostRule {
  isProduction: boolean;
  /** The configured URL: its host is answered in development, too. */
  publicUrl: string;
}

/** Makes the check of a request's Host headers: null where the request may be answered. */
export function hostCheck({
  isProduction,
  publicUrl,
}: HostRule): (hosts: readonly string[]) => 'malformed' | 'foreign' | null {
  const ownNames = new Set([...LOCAL_NAMES, new URL(publicUrl).hostname.toLowerCase()]);
  // Clients of one gateway send one name, over and over.
  let lastGood: string | null = null;
  return (hosts) => {
    const [host] = hosts;
    if (host !== undefined && host === lastGood && hosts.length === 1) return null;
    // RFC 9112 3.2: a missing, repeated or invalid Host is answered with 400.
    if (host === undefined || hosts.length > 1 || !isWellFormed(host)) return 'malformed';
    // DNS rebinding: a page of another site, whose name now points at this machine, is of our origin to the browser.
    if (!isProduction && !ownNames.has(host.replace(/:\d+$/, '').toLowerCase())) return 'foreign';
    lastGood = host;
    return null;
  };
}

function isWellFormed(host: string): boolean {
  return host.length <= HOST_LENGTH_MAX && HOST.test(host) && URL.canParse(`http://${host}/`);
}

/** All values of a header, repeated ones too, from Node's flat list of names and values. */
export function headerValues({ rawHeaders, name }: { rawHeaders: readonly string[]; name: string }): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}
