import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../platform/clock.js';
import type { Logger } from '../../platform/logger.js';
import { ServiceUnavailable } from '../../platform/service-unavailable.js';
import type { PublicJwk, SigningKeyPair, SigningKeys } from '../access-token/signing-keys.js';
import type { KeyEncryption } from './key-encryption.js';
import { openSigningKey } from './sealed-signing-key.js';
import { signingKeyOf, signingKeyState } from './signing-key-state.js';
import type { StoredSigningKey } from './stored-signing-key.js';

/** The stored keys as this process knows them; what each may do, the clock says at the moment of asking. */
export interface KeyRing extends SigningKeys {
  /** Takes all keys; one that is missing, or revoked, is accepted no more from now on. */
  note(keys: readonly StoredSigningKey[]): void;
  /** What is known, opened or not. */
  known(): readonly StoredSigningKey[];
  /** Keys in use that can't be opened. */
  unreadable(): readonly StoredSigningKey[];
}

const RETRY_AFTER_SECONDS = 5;

type OpenedKey = StoredSigningKey & { pair: SigningKeyPair };

/** An empty ring. A key that can't be opened is not trusted for anything: see {@link openSigningKey}. */
export function createKeyRing(needs: { encryption: KeyEncryption; clock: Clock; log: Logger }): KeyRing {
  const { encryption, clock, log } = needs;
  const pairs = new Map<string, SigningKeyPair>();
  const opened = new Map<string, OpenedKey>();
  let known: readonly StoredSigningKey[] = [];
  let published: { kids: string; jwks: { keys: PublicJwk[] } } = { kids: '', jwks: { keys: [] } };

  const isAccepted = (key: StoredSigningKey | undefined): boolean => {
    const state = key === undefined ? 'revoked' : signingKeyState(key, clock.now());
    return state !== 'retired' && state !== 'revoked';
  };
  const pairOf = (key: StoredSigningKey): SigningKeyPair | null => {
    const pair = pairs.get(key.kid) ?? openSigningKey(key, encryption);
    if (pair !== null) pairs.set(key.kid, pair);
    else if (isAccepted(key))
      log.error({ event: 'signing_key_unreadable', kid: key.kid }, 'a signing key can not be opened');
    return pair;
  };
  return {
    note: (keys) => {
      const accepted = new Set(keys.filter(isAccepted).map(({ kid }) => kid));
      for (const { kid } of known.filter((key) => isAccepted(key) && !accepted.has(key.kid))) {
        log.warn({ event: 'signing_key_revoked', kid }, 'a signing key was revoked: its tokens are refused');
      }
      known = keys;
      opened.clear();
      for (const key of keys) {
        const pair = pairOf(key);
        if (pair !== null) opened.set(key.kid, { ...key, pair });
      }
      for (const kid of pairs.keys()) if (!opened.has(kid)) pairs.delete(kid);
    },
    known: () => known,
    unreadable: () => known.filter((key) => isAccepted(key) && !opened.has(key.kid)),
    get signing() {
      const key = signingKeyOf([...opened.values()], clock.now());
      if (key === undefined) throw new ServiceUnavailable('NO_SIGNING_KEY', RETRY_AFTER_SECONDS);
      return { kid: key.kid, privateKey: key.pair.privateKey };
    },
    verifying: {
      has: (kid) => isAccepted(opened.get(kid)),
      get: (kid): KeyObject | undefined => {
        const key = opened.get(kid);
        return isAccepted(key) ? key?.pair.publicKey : undefined;
      },
    },
    get jwks() {
      const accepted = [...opened.values()].filter(isAccepted);
      const kids = accepted.map(({ kid }) => kid).join();
      if (kids !== published.kids) published = { kids, jwks: { keys: accepted.map(({ pair }) => pair.jwk) } };
      return published.jwks;
    },
  };
}
