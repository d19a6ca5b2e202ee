import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Random } from '../../platform/random.js';
import type { SealedKey } from './stored-signing-key.js';

/** Encrypts private keys under a list of secrets: the first encrypts, all decrypt. */
export interface KeyEncryption {
  /** The name of the first secret: four bytes in hexadecimal that come from it and tell nothing of it. */
  readonly currentName: string;
  /** Encrypts; the text opens for the same `kid` alone. */
  seal(needs: { kid: string; privateKey: Buffer }): SealedKey;
  /** null: sealed under a secret that is not in the list, for another `kid`, or changed since. */
  open(needs: { kid: string; sealed: SealedKey }): Buffer | null;
}

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NAME_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encryption by AES-256-GCM under `secrets`, each 32 bytes or more. */
export function createKeyEncryption(needs: { secrets: readonly Buffer[]; random: Random }): KeyEncryption {
  const keys = needs.secrets.map((secret) => ({
    name: derived(secret, 'gatehouse key encryption name', NAME_BYTES).toString('hex'),
    key: derived(secret, 'gatehouse key encryption', KEY_BYTES),
  }));
  const [current] = keys;
  if (current === undefined) throw new Error('at least one secret is needed');
  return {
    currentName: current.name,
    seal: ({ kid, privateKey }) => {
      // NIST SP 800-38D 8.2.2: random, 96 bits; a secret encrypts a few keys a year.
      const iv = needs.random.bytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, current.key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(kid));
      const parts = [iv, cipher.update(privateKey), cipher.final(), cipher.getAuthTag()];
      return { text: Buffer.concat(parts).toString('base64url'), under: current.name };
    },
    open: ({ kid, sealed }) => {
      for (const { name, key } of keys) {
        const opened = name === sealed.under ? opening({ key, kid, text: sealed.text }) : null;
        if (opened !== null) return opened;
      }
      return null;
    },
  };
}

function derived(secret: Buffer, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', info, bytes));
}

function opening({ key, kid, text }: { key: Buffer; kid: string; text: string }): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(kid))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}
