import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadSecrets } from '../src/generated-secrets.js';
import { systemClock } from '../src/platform/clock.js';
import { systemRandom } from '../src/platform/random.js';
import { makeTestFolder, type TestFolder } from './support/main-run.js';
import { testConfig } from './support/test-gateway.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await makeTestFolder();
});
afterAll(() => folder.remove());

describe('generated secrets', () => {
  it('are one for all who start at once on one folder, and for whoever comes later', async () => {
    const config = testConfig({ GATEHOUSE_DATA_DIR: `${folder.path}/secrets` });
    const load = async () => {
      const { refreshTokenSecrets, keyEncryptionKeys } = await loadSecrets({
        config,
        random: systemRandom(systemClock),
      });
      return [refreshTokenSecrets, keyEncryptionKeys].map((list) => list.map((secret) => secret.toString('base64url')));
    };
    const loaded = await Promise.all(Array.from({ length: 10 }, load));
    expect(new Set(loaded.map(String)).size).toBe(1);
    expect(await load()).toEqual(loaded[0]);
    expect(await readdir(config.dataDir)).toEqual(['key-encryption-key', 'refresh-token-secret']);
  });
});
