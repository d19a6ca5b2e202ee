import { link, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, ConfigError } from './config.js';
import { systemCallCode } from './platform/embedded-postgres/embedded-postgres-error.js';
import { makeDataFolder } from './platform/embedded-postgres/home.js';
import { readTextFile, writePrivateFile } from './platform/embedded-postgres/private-file.js';
import type { Random } from './platform/random.js';
import {
  generateSigningKeys,
  parseSigningKeys,
  type SigningKeys,
  SigningKeysError,
} from './session/access-token/signing-keys.js';

export interface Secrets {
  refreshTokenSecrets: readonly Buffer[];
  signingKeys: SigningKeys;
}

const SECRET_BYTES = 32;
const REFRESH_TOKEN_SECRET_FILE = 'refresh-token-secret';
const SIGNING_KEYS_FILE = 'signing-keys.json';

/**
 * The secrets that the settings name; those they do not name are generated once and kept in the data folder with
 * mode 0600. Production never comes here without settings: config.ts refuses.
 *
 * @throws {ConfigError} naming the file that can't be used, and nothing of what it holds.
 */
export async function loadSecrets({ config, random }: { config: Config; random: Random }): Promise<Secrets> {
  return {
    refreshTokenSecrets: config.refreshTokenSecrets ?? [await keptRefreshTokenSecret({ config, random })],
    signingKeys:
      config.signingKeysFile === null
        ? await keptSigningKeys({ config, random })
        : await readSigningKeys(config.signingKeysFile),
  };
}

interface Needs {
  config: Config;
  random: Random;
}

async function keptRefreshTokenSecret({ config, random }: Needs): Promise<Buffer> {
  const path = join(config.dataDir, REFRESH_TOKEN_SECRET_FILE);
  const generate = () => random.bytes(SECRET_BYTES).toString('base64url');
  const secret = Buffer.from(await keptIn({ path, generate, config, random }), 'base64url');
  if (secret.length >= SECRET_BYTES) return secret;
  throw new ConfigError([
    `${path} holds no secret of ${SECRET_BYTES} bytes: restore it, or delete it (all sign in again)`,
  ]);
}

async function keptSigningKeys({ config, random }: Needs): Promise<SigningKeys> {
  const path = join(config.dataDir, SIGNING_KEYS_FILE);
  return parsedFrom(path, await keptIn({ path, generate: generateSigningKeys, config, random }));
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
