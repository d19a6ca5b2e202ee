import { createHash } from 'node:crypto';
import type { Random } from '../platform/random.js';

/** What a mailed link is good for. */
export type LinkPurpose = 'VERIFY_EMAIL' | 'RESET_PASSWORD' | 'CHANGE_EMAIL' | 'UNDO_EMAIL_CHANGE';

const DAY_SECONDS = 86_400;

/** How long a link is good, from when its mail is made. */
export const LINK_TTL_SECONDS = {
  VERIFY_EMAIL: DAY_SECONDS,
  RESET_PASSWORD: 600,
  CHANGE_EMAIL: DAY_SECONDS,
} as const satisfies Partial<Record<LinkPurpose, number>>;

/** How long an address is kept for the account that it was taken from, and the link good that gives it back. */
export const UNDO_TTL_SECONDS = 7 * DAY_SECONDS;

/** Secret scanners match on it. */
const PREFIX = 'gha_';
const SECRET_BYTES = 32;
/** 32 bytes are 43 characters of base64url, the last of which holds four bits. */
const TOKEN = /^gha_[\w-]{42}[AEIMQUYcgkosw048]$/;

/** A new token of 256 random bits: its text for the mail, its hash for the database. */
export function newAccountToken(random: Random): { text: string; hash: Buffer } {
  const text = `${PREFIX}${random.bytes(SECRET_BYTES).toString('base64url')}`;
  return { text, hash: sha256(text) };
}

/** The hash under which the database knows a token; null for a text that is none, which costs no statement. */
export function hashAccountToken(text: string): Buffer | null {
  return TOKEN.test(text) ? sha256(text) : null;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
