import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.js';
import { makeDataFolder } from './platform/embedded-postgres/home.js';
import { readTextFile, writePrivateFile } from './platform/embedded-postgres/private-file.js';
import type { Random } from './platform/random.js';
import { generateSigningKeys, parseSigningKeys, type SigningKeys } from './session/access-token/signing-keys.js';

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
 */
export async function loadSecrets({ config, random }: { config: Config; random: Random }): Promise<Secrets> {
  return {
    refreshTokenSecrets: config.refreshTokenSecrets ?? [
      Buffer.from(
        await keptIn({
          dataDir: config.dataDir,
          name: REFRESH_TOKEN_SECRET_FILE,
          generate: () => random.bytes(SECRET_BYTES).toString('base64url'),
        }),
        'base64url',
      ),
    ],
    signingKeys: parseSigningKeys(
      config.signingKeysFile === null
        ? await keptIn({ dataDir: config.dataDir, name: SIGNING_KEYS_FILE, generate: generateSigningKeys })
        : await readFile(config.signingKeysFile, 'utf8'),
    ),
  };
}

async function keptIn(needs: { dataDir: string; name: string; generate: () => string }): Promise<string> {
  const path = join(needs.dataDir, needs.name);
  const kept = await readTextFile(path);
  if (kept !== null) return kept;
  const text = needs.generate();
  await makeDataFolder(needs.dataDir);
  await writePrivateFile({ path, text, owner: null });
  return text;
}
