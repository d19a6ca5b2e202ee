import type { AccessToken } from './access-token.js';

/** A key that the gateway has withdrawn is believed so much longer, in milliseconds. */
const KEPT_MS = 60_000;
const TOKENS_MAX = 10_000;

/** Remembers verified tokens, the newest ones, for a minute at most and never past their end. */
export function createTokenCache({ nowMs }: { nowMs: () => number }) {
  const tokens = new Map<string, { claims: AccessToken; until: number }>();
  return {
    get: (token: string): AccessToken | null => {
      const known = tokens.get(token);
      if (known === undefined) return null;
      if (nowMs() < known.until) return known.claims;
      tokens.delete(token);
      return null;
    },
    set: (token: string, claims: AccessToken): void => {
      // A Map keeps the order of insertion: the first key is the oldest.
      if (tokens.size >= TOKENS_MAX) tokens.delete(tokens.keys().next().value ?? '');
      tokens.set(token, { claims, until: Math.min(nowMs() + KEPT_MS, claims.expiresAt.getTime()) });
    },
  };
}
