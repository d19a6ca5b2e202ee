import { createRemoteJWKSet, customFetch, type FetchImplementation, type RemoteJWKSet } from 'jose';

/** How long keys are believed before they are asked for again, in milliseconds. */
const FRESH_MS = 300_000;
/** How long the last known keys stand in where the gateway can't be reached: as long as its longest-lived token. */
const STALE_MS = 3_600_000;
/** A token with an unknown `kid` asks again, but so seldom: anybody can send one. */
const COOLDOWN_MS = 5_000;
const TIMEOUT_MS = 5_000;

/** The public keys of a gateway, asked for when they are needed and kept for a while. */
export function publishedKeys(needs: { jwksUrl: string; send: typeof fetch; nowMs: () => number }): RemoteJWKSet {
  const { jwksUrl, send, nowMs } = needs;
  let last: { text: string; at: number } | null = null;
  const fetchKeys: FetchImplementation = async (url, options) => {
    const answer = await send(url, options).catch(() => null);
    const text = answer?.status === 200 ? await answer.text().catch(() => null) : null;
    // Whatever else stands in the gateway's place, such as a proxy's error page, must not drop keys that are known.
    if (text !== null && isKeySet(text)) last = { text, at: nowMs() };
    const isUsable = last !== null && nowMs() - last.at < STALE_MS;
    return new Response(isUsable ? last?.text : '', { status: isUsable ? 200 : 503 });
  };
  return createRemoteJWKSet(new URL(jwksUrl), {
    cacheMaxAge: FRESH_MS,
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: TIMEOUT_MS,
    [customFetch]: fetchKeys,
  });
}

/** A JWK set (RFC 7517 5) as the gateway publishes it: with keys in it, each of which bears a name. */
function isKeySet(text: string): boolean {
  try {
    const keys: unknown = JSON.parse(text)?.keys;
    return (
      Array.isArray(keys) &&
      keys.length > 0 &&
      keys.every((key) => typeof key?.kid === 'string' && typeof key.kty === 'string')
    );
  } catch {
    return false;
  }
}
