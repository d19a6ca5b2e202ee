import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import { UUID } from 'uuidv7';

/** What a refresh token says of itself; believed only once its MAC is checked. */
export interface RefreshTokenClaims {
  userId: string;
  sessionId: string;
  generation: number;
}

/** A refresh token of the right form, its MAC not yet checked. */
export interface ParsedRefreshToken extends RefreshTokenClaims {
  keyName: Buffer;
  signed: Buffer;
  mac: Buffer;
}

/** Makes and checks refresh tokens with a list of server secrets: the first signs, all verify. */
export interface RefreshTokenCodec {
  /** The text of a session's token of one generation; the same each time while the same secret signs. */
  derive(claims: RefreshTokenClaims, salt: Buffer): string;
  /** null: not of the form of our tokens, or of a key that is not ours. */
  parse(text: string): ParsedRefreshToken | null;
  /** Whether the MAC is that of a token of the session with this salt; compared in constant time. */
  isGenuine(token: ParsedRefreshToken, salt: Buffer): boolean;
}

const PREFIX = 'ghr_';
const KEY_NAME_BYTES = 4;
const UUID_BYTES = 16;
const GENERATION_BYTES = 4;
const SIGNED_BYTES = KEY_NAME_BYTES + 2 * UUID_BYTES + GENERATION_BYTES;
const MAC_BYTES = 32;
const TOKEN_BYTES = SIGNED_BYTES + MAC_BYTES;
/** 72 bytes fill 96 characters with no bit to spare: each token has one text only. */
const TOKEN_TEXT = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{${(TOKEN_BYTES / 3) * 4}}$`);

interface NamedSecret {
  keyName: Buffer;
  /** The key of the MACs of a session with this salt. */
  keyFor: (salt: Buffer) => KeyObject;
}

/** A codec over `secrets`, each 32 bytes or more. A key's name comes from the secret, never from its place in the list. */
export function createRefreshTokenCodec(secrets: readonly Buffer[]): RefreshTokenCodec {
  const named = secrets.map((secret) => ({ keyName: keyNameOf(secret), keyFor: macKeys(secret) }));
  const [signing] = named;
  if (signing === undefined) throw new Error('at least one secret is needed');
  const withName = (name: Buffer) => named.filter(({ keyName }) => keyName.equals(name));
  return {
    derive: (claims, salt) => {
      const signed = encodeClaims(signing.keyName, claims);
      return PREFIX + Buffer.concat([signed, macOf(signed, signing.keyFor(salt))]).toString('base64url');
    },
    parse: (text) => {
      const token = parseToken(text);
      return token !== null && withName(token.keyName).length > 0 ? token : null;
    },
    isGenuine: ({ keyName, signed, mac }, salt) =>
      withName(keyName).some(({ keyFor }) => timingSafeEqual(macOf(signed, keyFor(salt)), mac)),
  };
}

function keyNameOf(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'gatehouse refresh token key name', KEY_NAME_BYTES));
}

function macOf(signed: Buffer, key: KeyObject): Buffer {
  return createHmac('sha256', key).update(signed).digest();
}

/** Derived once for each salt as it was read: a refresh checks one token and makes the next. */
function macKeys(secret: Buffer): NamedSecret['keyFor'] {
  const keys = new WeakMap<Buffer, KeyObject>();
  return (salt) => {
    const key = keys.get(salt) ?? macKey(secret, salt);
    keys.set(salt, key);
    return key;
  };
}

/** A dump of the database has the salts but no secret, a leaked secret has no salt: neither alone makes a key. */
function macKey(secret: Buffer, salt: Buffer): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, salt, 'gatehouse refresh token mac', MAC_BYTES)));
}

function encodeClaims(keyName: Buffer, { userId, sessionId, generation }: RefreshTokenClaims): Buffer {
  const generationBytes = Buffer.alloc(GENERATION_BYTES);
  generationBytes.writeUInt32BE(generation);
  return Buffer.concat([keyName, UUID.parse(userId).bytes, UUID.parse(sessionId).bytes, generationBytes]);
}

function parseToken(text: string): ParsedRefreshToken | null {
  if (!TOKEN_TEXT.test(text)) return null;
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
  const userAt = KEY_NAME_BYTES;
  const sessionAt = userAt + UUID_BYTES;
  const generationAt = sessionAt + UUID_BYTES;
  return {
    keyName: bytes.subarray(0, userAt),
    userId: uuidText(bytes.subarray(userAt, sessionAt)),
    sessionId: uuidText(bytes.subarray(sessionAt, generationAt)),
    generation: bytes.readUInt32BE(generationAt),
    signed: bytes.subarray(0, SIGNED_BYTES),
    mac: bytes.subarray(SIGNED_BYTES),
  };
}

function uuidText(bytes: Buffer): string {
  return UUID.ofInner(new Uint8Array(bytes)).toString();
}
