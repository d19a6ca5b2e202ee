import { createHmac, timingSafeEqual } from 'node:crypto';
import { encodeBase64, hashSync } from 'bcryptjs';

/** A stored hash, taken apart. Salt and digest stay in bcrypt's base64. */
export type PasswordHashParse =
  | { kind: 'bcrypt-sha256'; cost: number; salt: string; digest: string }
  | { kind: 'bcrypt'; variant: '2a' | '2b' | '2y'; cost: number; salt: string; digest: string }
  | { kind: 'malformed' };

/** `not_comparable`: no hashing took place, for no password like this could belong to the hash. */
export type PasswordComparison = 'matches' | 'differs' | 'not_comparable';

export const SALT_BYTES = 16;
const DIGEST_BYTES = 23;
export const DUMMY_HASH_BYTES = SALT_BYTES + DIGEST_BYTES;
const COST_MIN = 4;
/** A corrupt or hostile hash of cost 31 would hold a worker for days. */
const COST_MAX = 16;
/** What bcrypt reads of a password. */
const PLAIN_PASSWORD_BYTES_MAX = 72;

// 22 characters hold 132 bits for a salt of 128, 31 hold 186 for a digest of 184: the last one's spare bits are zero.
const SALT = '[./A-Za-z0-9]{21}[.Oeu]';
const DIGEST = '[./A-Za-z0-9]{30}[.CGKOSWaeimquy26]';
const BCRYPT_SHA256 = new RegExp(`^\\$bcrypt-sha256\\$v=2,t=2b,r=([4-9]|1[0-6])\\$(${SALT})\\$(${DIGEST})$`);
const BCRYPT = new RegExp(`^\\$(2[aby])\\$(0[4-9]|1[0-6])\\$(${SALT})(${DIGEST})$`);
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * Hashes a password in passlib's format bcrypt-sha256, version 2, of which every byte of the password counts.
 *
 * @throws {RangeError} unless the cost is 4 to 16, the salt 16 bytes and the password well-formed; it never quotes them.
 */
export function hashPassword({ password, cost, salt }: { password: string; cost: number; salt: Uint8Array }): string {
  if (!Number.isInteger(cost) || cost < COST_MIN || cost > COST_MAX) throw new RangeError('The cost is out of range.');
  if (salt.length !== SALT_BYTES) throw new RangeError(`A salt has ${SALT_BYTES} bytes.`);
  // UTF-8 has no lone surrogates: all of them would become the same replacement character, and so the same hash.
  if (LONE_SURROGATE.test(password)) throw new RangeError('The password is not well-formed.');
  const saltText = encodeBase64(salt, SALT_BYTES);
  return format({ cost, salt: saltText, digest: bcryptSha256Digest({ password, cost, salt: saltText }) });
}

/** A hash that no password has, for a comparison that costs as much as a real one; `bytes` are 39 random ones. */
export function dummyPasswordHash({ cost, bytes }: { cost: number; bytes: Uint8Array }): string {
  if (bytes.length !== DUMMY_HASH_BYTES) throw new RangeError(`A dummy hash takes ${DUMMY_HASH_BYTES} bytes.`);
  return format({
    cost,
    salt: encodeBase64(bytes.subarray(0, SALT_BYTES), SALT_BYTES),
    digest: encodeBase64(bytes.subarray(SALT_BYTES), DIGEST_BYTES),
  });
}

/**
 * Whether a password belongs to a stored hash, in one hashing; a hash that can't be read is `not_comparable`.
 *
 * Plain bcrypt hashes are imported ones. They say nothing of a password's bytes past the 72nd, nor past a NUL: a password
 * with such bytes is `not_comparable` rather than taken for any other that begins alike. Its owner resets it.
 */
export function comparePassword({
  password,
  passwordHash,
}: {
  password: string;
  passwordHash: string;
}): PasswordComparison {
  const parsed = parsePasswordHash(passwordHash);
  if (parsed.kind === 'malformed' || LONE_SURROGATE.test(password)) return 'not_comparable';
  if (parsed.kind === 'bcrypt') {
    if (password.includes('\0') || Buffer.byteLength(password) > PLAIN_PASSWORD_BYTES_MAX) return 'not_comparable';
    return compareDigests(parsed.digest, bcryptDigest({ key: password, cost: parsed.cost, salt: parsed.salt }));
  }
  return compareDigests(parsed.digest, bcryptSha256Digest({ password, cost: parsed.cost, salt: parsed.salt }));
}

/**
 * After a comparison with a hash of a smaller cost, runs bcrypt until both together have taken as many rounds as one of
 * `cost`: an imported hash must not answer sooner than none at all. 2^a + 2^a + 2^(a+1) + … + 2^(b-1) = 2^b.
 */
export function makeUpForCost({ passwordHash, cost }: { passwordHash: string; cost: number }): void {
  const parsed = parsePasswordHash(passwordHash);
  if (parsed.kind === 'malformed') return;
  for (let step = parsed.cost; step < cost; step += 1) bcryptDigest({ key: '', cost: step, salt: parsed.salt });
}

/** Takes a stored hash apart; whatever isn't exactly bcrypt-sha256 version 2 or bcrypt, of cost 4 to 16, is malformed. */
export function parsePasswordHash(text: string): PasswordHashParse {
  const [, cost, salt, digest] = BCRYPT_SHA256.exec(text) ?? [];
  if (cost !== undefined && salt !== undefined && digest !== undefined) {
    return { kind: 'bcrypt-sha256', cost: Number(cost), salt, digest };
  }
  const [, variant, plainCost, plainSalt, plainDigest] = BCRYPT.exec(text) ?? [];
  if (variant === '2a' || variant === '2b' || variant === '2y') {
    return { kind: 'bcrypt', variant, cost: Number(plainCost), salt: plainSalt ?? '', digest: plainDigest ?? '' };
  }
  return { kind: 'malformed' };
}

function format({ cost, salt, digest }: { cost: number; salt: string; digest: string }): string {
  return `$bcrypt-sha256$v=2,t=2b,r=${cost}$${salt}$${digest}`;
}

/** The salt, as text, keys the HMAC: a table of unsalted SHA-256 sums can't be tried against the hash. */
function bcryptSha256Digest({ password, cost, salt }: { password: string; cost: number; salt: string }): string {
  const key = createHmac('sha256', salt).update(password, 'utf8').digest('base64');
  return bcryptDigest({ key, cost, salt });
}

/** The variants 2a, 2b and 2y of bcryptjs are one algorithm. */
function bcryptDigest({ key, cost, salt }: { key: string; cost: number; salt: string }): string {
  const setting = `$2b$${String(cost).padStart(2, '0')}$${salt}`;
  return hashSync(key, setting).slice(setting.length);
}

function compareDigests(one: string, other: string): PasswordComparison {
  return timingSafeEqual(Buffer.from(one), Buffer.from(other)) ? 'matches' : 'differs';
}
