import { type KeyLike, randomUUID, sign } from 'node:crypto';
import type { Data } from './graphql-client.js';

/** The parts of a token as they are: decoded, not checked. */
export function readToken(text: string): { header: Data; claims: Data; signature: Buffer } {
  const [header = '', claims = '', signature = ''] = text.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  return { header: read(header), claims: read(claims), signature: Buffer.from(signature, 'base64url') };
}

/** What is signed of a token. */
export function signingInput({ header, claims }: { header: object; claims: object }): string {
  return [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

/** A token of any header and claims, its ES256 signature genuine for `privateKey`. */
export function forgeToken(token: { header: object; claims: object; privateKey: KeyLike }): string {
  const input = signingInput(token);
  const key = { key: token.privateKey as never, dsaEncoding: 'ieee-p1363' as const };
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

/** A genuine token's header and claims, but for `changes`; undefined takes a member away. */
export function variantOf(
  genuine: string,
  changes: { header?: Record<string, unknown>; claims?: Record<string, unknown> },
): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const { header, claims } = readToken(genuine);
  return { header: { ...header, ...changes.header }, claims: { ...claims, jti: randomUUID(), ...changes.claims } };
}
