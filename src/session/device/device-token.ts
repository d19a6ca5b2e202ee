import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import { UUID } from 'uuidv7';
import type { Random } from '../../platform/random.js';

/** A device on which a user has shown their password, or proved that they are still themselves. */
export interface KnownDevice {
  deviceId: string;
  userId: string;
  /** The password that was theirs then: once it is another, the device is not known any more. */
  passwordVersion: number;
}

/** Makes and checks device tokens. They sign nobody in: they say which tries are not a stranger's. */
export interface DeviceTokens {
  /** A token for a device; with a genuine one that it has for this user, `previous`, it stays the same device. */
  issue(needs: { userId: string; passwordVersion: number; previous?: readonly string[] }): string;
  /** null: not a genuine one of ours. Whether the password is still that one is for the caller to compare. */
  read(text: string): KnownDevice | null;
  /** The device among these tokens that is known for this user with this password; null: none is. */
  known(needs: { presented: readonly string[]; userId: string; passwordVersion: number }): KnownDevice | null;
}

const PREFIX = 'ghd_';
const UUID_BYTES = 16;
const VERSION_BYTES = 4;
const SIGNED_BYTES = 2 * UUID_BYTES + VERSION_BYTES;
const MAC_BYTES = 32;
/** 68 bytes: the last character holds two bits that must be zero, which is checked by writing the token anew. */
const TOKEN_TEXT = /^ghd_[A-Za-z0-9_-]{91}$/;

/** Tokens under a key that comes from `secrets`, each 32 bytes or more: the first signs, all verify. */
export function createDeviceTokens(needs: { secrets: readonly Buffer[]; random: Random }): DeviceTokens {
  const keys = needs.secrets.map(macKey);
  const [signing] = keys;
  if (signing === undefined) throw new Error('at least one secret is needed');
  const read = (text: string): KnownDevice | null => {
    const parsed = parse(text);
    if (parsed === null) return null;
    return keys.some((key) => timingSafeEqual(macOf(key, parsed.signed), parsed.mac)) ? parsed.device : null;
  };
  const readAll = (texts: readonly string[]) => texts.map(read).filter((device) => device !== null);
  return {
    issue: ({ userId, passwordVersion, previous = [] }) => {
      const deviceId = readAll(previous).find((device) => device.userId === userId)?.deviceId ?? needs.random.id();
      const signed = encode({ deviceId, userId, passwordVersion });
      return PREFIX + Buffer.concat([signed, macOf(signing, signed)]).toString('base64url');
    },
    read,
    known: ({ presented, userId, passwordVersion }) =>
      readAll(presented).find((device) => device.userId === userId && device.passwordVersion === passwordVersion) ??
      null,
  };
}

function macKey(secret: Buffer): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'gatehouse device token mac', MAC_BYTES)));
}

function macOf(key: KeyObject, signed: Buffer): Buffer {
  return createHmac('sha256', key).update(signed).digest();
}

function encode({ deviceId, userId, passwordVersion }: KnownDevice): Buffer {
  const version = Buffer.alloc(VERSION_BYTES);
  version.writeUInt32BE(passwordVersion);
  return Buffer.concat([UUID.parse(deviceId).bytes, UUID.parse(userId).bytes, version]);
}

function parse(text: string): { signed: Buffer; mac: Buffer; device: KnownDevice } | null {
  if (!TOKEN_TEXT.test(text)) return null;
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
  if (bytes.toString('base64url') !== text.slice(PREFIX.length)) return null;
  const device = {
    deviceId: uuidText(bytes.subarray(0, UUID_BYTES)),
    userId: uuidText(bytes.subarray(UUID_BYTES, 2 * UUID_BYTES)),
    passwordVersion: bytes.readUInt32BE(2 * UUID_BYTES),
  };
  return { signed: bytes.subarray(0, SIGNED_BYTES), mac: bytes.subarray(SIGNED_BYTES), device };
}

function uuidText(bytes: Buffer): string {
  return UUID.ofInner(new Uint8Array(bytes)).toString();
}
