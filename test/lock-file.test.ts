import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';

interface LockedPackage {
  version?: string;
  resolved?: string;
  link?: boolean;
  integrity?: string;
}

/** Below these, a package has a known hole that matters here. */
const MINIMUM_VERSIONS: Record<string, string> = {
  graphql: '16.8.1',
  '@apollo/server': '5.5.0',
  jsonwebtoken: '9.0.0',
  typeorm: '1.1.0',
  nodemailer: '8.0.0',
};
/** Not needed yet; checked as soon as it is there. */
const OPTIONAL = ['nodemailer'];

/** Of the gateway, and of the folders that are installed on their own. */
const FOLDERS = [
  '.',
  'bench',
  'examples/federated',
  'examples/spa',
  'examples/with-your-resolvers',
  'packages/client',
  'packages/verify',
  'test-browser',
  'test-federation',
  'test-package',
];

async function lockOf(folder: string) {
  // Tests run on compiled output, one folder below the project.
  const text = await readFile(new URL(`../../${folder}/package-lock.json`, import.meta.url), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> };
  return { text, packages: Object.entries(packages) };
}

let packages: [path: string, locked: LockedPackage][];
beforeAll(async () => {
  ({ packages } = await lockOf('.'));
});

const versionsOf = (name: string) =>
  packages
    .filter(([path]) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`))
    .map(([, { version }]) => version ?? '');

/** Whether a version is a release no older than `minimum`: a pre-release of the minimum itself is older. */
function isAtLeast(version: string, minimum: string): boolean {
  const [release = '', preRelease] = version.split(/-(.*)/s);
  const numbers = release.split('.').map(Number);
  const least = minimum.split('.').map(Number);
  const index = least.findIndex((part, at) => numbers[at] !== part);
  return index === -1 ? preRelease === undefined : (numbers[index] ?? 0) > (least[index] ?? 0);
}

describe('the lock file', () => {
  it.each(Object.entries(MINIMUM_VERSIONS))('O3: holds %s %s or newer, wherever it is', (name, minimum) => {
    const versions = versionsOf(name);
    if (!OPTIONAL.includes(name)) expect(versions).not.toEqual([]);
    expect(versions.filter((version) => !isAtLeast(version, minimum))).toEqual([]);
  });

  it('O3: compares versions by their numbers', () => {
    expect(
      ['16.8.0', '16.7.9', '15.99.99', '16.8.1-rc.1', '9.9.9', ''].map((version) => isAtLeast(version, '16.8.1')),
    ).toEqual(Array.from({ length: 6 }, () => false));
    expect(
      ['16.8.1', '16.8.10', '16.10.0', '17.0.0', '16.9.0-beta.1'].map((version) => isAtLeast(version, '16.8.1')),
    ).toEqual(Array.from({ length: 5 }, () => true));
  });

  it.each(FOLDERS)('of %s names no registry: it holds for whichever one an installation uses', async (folder) => {
    const lock = await lockOf(folder);
    expect(lock.packages.filter(([, { resolved, link }]) => resolved !== undefined && link !== true)).toEqual([]);
    expect(lock.text).not.toMatch(/registry\.|\/-\/[\w.-]+\.tgz/);
  });

  it.each(FOLDERS)('of %s has a checksum for every package', async (folder) => {
    const lock = await lockOf(folder);
    const unchecked = lock.packages.filter(
      ([path, { integrity, link }]) => path.includes('node_modules/') && !link && !integrity,
    );
    expect(unchecked.map(([path]) => path)).toEqual([]);
  });
});
