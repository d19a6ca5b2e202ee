import { link, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, ConfigError } from './config.js';
import { systemCallCode } from './platform/embedded-postgres/embedded-postgres-error.js';
import { makeDataFolder } from './platform/embedded-postgres/home.js';
import { readTextFile, writePrivateFile } from './platform/embedded-postgres/private-file.js';
import type { Random } from './platform/random.js';
import { parseSigningKeys, type SigningKeys, SigningKeysError } from './session/access-token/signing-keys.js';

export interface Secrets {
  refreshTokenSecrets: readonly Buffer[];
  /** null: they are in the database. */
  signingKeys: SigningKeys | null;
  /** What encrypts those in the database; none where `signingKeys` are given. */
  keyEncryptionKeys: readonly Buffer[];
}

const SECRET_BYTES = 32;
const REFRESH_TOKEN_SECRET_FILE = 'refresh-token-secret';
const KEY_ENCRYPTION_KEY_FILE = 'key-encryption-key';
const WITHOUT_IT = {
  [REFRESH_TOKEN_SECRET_FILE]: 'all sign in again',
  [KEY_ENCRYPTION_KEY_FILE]:
    'the signing keys in the database have to be revoked then, and access tokens are refused once',
};

/**
 * The secrets that the settings name; those they do not name are generated once and kept in the data folder with
 * mode 0600. Production never comes here without settings: config.ts refuses.
 *
 * @throws {ConfigError} naming the file that can't be used, and nothing of what it holds.
 */
export async function loadSecrets({ config, random }: { config: Config; random: Random }): Promise<Secrets> {
  const { signingKeysFile } = config;
  const kept = (name: keyof typeof WITHOUT_IT) =>
    keptSecret({ path: join(config.dataDir, name), withoutIt: WITHOUT_IT[name], config, random });
  return {
    refreshTokenSecrets: config.refreshTokenSecrets ?? [await kept(REFRESH_TOKEN_SECRET_FILE)],
    ...(signingKeysFile === null
      ? { signingKeys: null, keyEncryptionKeys: config.keyEncryptionKeys ?? [await kept(KEY_ENCRYPTION_KEY_FILE)] }
      : { signingKeys: await readSigningKeys(signingKeysFile), keyEncryptionKeys: [] }),
  };
}

interface Needs {
  config: Config;
  random: Random;
}

async function keptSecret({
  path,
  withoutIt,
  config,
  random,
}: Needs & { path: string; withoutIt: string }): Promise<Buffer> {
  const generate = () => random.bytes(SECRET_BYTES).toString('base64url');
  const secret = Buffer.from(await keptIn({ path, generate, config, random }), 'base64url');
  if (secret.length >= SECRET_BYTES) return secret;
  throw new ConfigError([`${path} holds no secret of ${SECRET_BYTES} bytes: restore it, or delete it (${withoutIt})`]);
}

async function readSigningKeys(path: string): Promise<SigningKeys> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError([`SIGNING_KEYS_FILE names ${path}, which can't be read: ${systemCallCode(error)}`]);
  });
  return parsedFrom(path, text);
}

function parsedFrom(path: string, text: string): SigningKeys {
  try {
    return parseSigningKeys(text);
  } catch (error) {
    if (error instanceof SigningKeysError) throw new ConfigError([`the signing keys in ${path}: ${error.message}`]);
    throw error;
  }
}

async function keptIn({ path, generate, config, random }: Needs & { path: string; generate: () => string }) {
  const kept = await readTextFile(path);
  if (kept !== null) return kept;
  await makeDataFolder(config.dataDir);
  const draft = `${path}.${random.id()}`;
  await writePrivateFile({ path: draft, text: generate(), owner: null });
  try {
    // Of several gateways that start at once, one makes the secret and all use it: a link never replaces a file.
    await link(draft, path);
  } catch (error) {
    if (systemCallCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, 'utf8');
}
