import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const ROOT = join(PACKAGE, '..', '..');
const CORE_BYTES_MAX = 4096;
const PEERS = ['@apollo/client', '@urql/core', '@urql/exchange-auth', '@0no-co', 'graphql', 'rxjs', 'wonka'];

const run = promisify(execFile);

/** A folder in which somebody has installed the package, packed, and no peer of it. */
let folder: string;
let packed: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-packed-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: PACKAGE });
  // npm answers a list, or an object by the package's name, as its version likes.
  const [pack] = Object.values(JSON.parse(stdout)) as { filename: string; files: { path: string }[] }[];
  packed = pack?.files.map(({ path }) => path) ?? [];
  await run('tar', ['-xzf', join(folder, pack?.filename ?? ''), '-C', folder]);
  await mkdir(join(folder, 'node_modules', '@gatehouse'), { recursive: true });
  await cp(join(folder, 'package'), join(folder, 'node_modules', '@gatehouse', 'client'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const CONSUMER = `
  import { type AuthState, createAuthClient, needsRenewal } from '@gatehouse/client';
  import { createAuthFetch } from '@gatehouse/client/fetch';
  const client = createAuthClient({ url: 'http://localhost/graphql', delivery: 'COOKIE' });
  const state: AuthState = client.state;
  export const found: boolean = needsRenewal([]) && state.status === 'unknown';
  export const authFetch: typeof fetch = createAuthFetch(client);
  export const email = async () => (await client.me())?.email.toUpperCase();
  // @ts-expect-error: body delivery needs a storage
  createAuthClient({ url: 'http://localhost/graphql', delivery: 'BODY' });
  // @ts-expect-error: the schema has no such field
  export const name = async () => (await client.me())?.name;
`;
const ADAPTED = `
  import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
  import { createAuthClient } from '@gatehouse/client';
  import { createAuthLink } from '@gatehouse/client/apollo';
  import { createAuthExchange } from '@gatehouse/client/urql';
  import { Client, fetchExchange } from '@urql/core';
  const client = createAuthClient({ url: 'http://localhost/graphql', delivery: 'COOKIE' });
  export const apollo = new ApolloClient({
    link: createAuthLink(client).concat(new HttpLink({ uri: client.url })),
    cache: new InMemoryCache(),
  });
  export const urql = new Client({
    url: client.url, preferGetMethod: false, exchanges: [createAuthExchange(client), fetchExchange],
  });
`;

/** What the compiler says to a consumer; nothing, where all is well. */
async function typeFaults(name: string, text: string, module: string, resolution: string): Promise<string> {
  await writeFile(join(folder, name), text);
  // A peer's own faults are not ours: the types that a consumer sees of us are checked by their use.
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--target',
    'es2022',
    '--lib',
    'es2022,dom,dom.iterable',
    '--types',
    '',
  ];
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, ...options, '--module', module, '--moduleResolution', resolution, name];
  return run(process.execPath, args, { cwd: folder }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout || 'the compiler did not run',
  );
}

describe('the package, as it is published', () => {
  it('holds what it needs to run and its types, and nothing else', () => {
    expect(packed.filter((path) => !path.startsWith('dist/')).sort()).toEqual(['README.md', 'package.json']);
    expect(packed.filter((path) => path.startsWith('dist/') && !/\.(js|d\.ts)$/.test(path))).toEqual([]);
    expect(packed.filter((path) => /test/i.test(path))).toEqual([]);
  });

  it('runs in Node where no peer is installed', async () => {
    const program = `
      const { createAuthClient } = await import('@gatehouse/client');
      const { createAuthFetch } = await import('@gatehouse/client/fetch');
      const auth = createAuthClient({ url: 'http://localhost/graphql', delivery: 'COOKIE' });
      console.log(auth.state.status, typeof createAuthFetch(auth));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
    expect(stdout).toBe('unknown function\n');
  });

  it.each([
    ['esnext', 'bundler'],
    ['nodenext', 'nodenext'],
  ])('has its types where modules are %s and resolved as by %s', async (module, resolution) => {
    expect(await typeFaults('consumer.ts', CONSUMER, module, resolution)).toBe('');
  });

  it.each([
    ['esnext', 'bundler'],
    ['nodenext', 'nodenext'],
  ])('fits the types of its peers where modules are %s and resolved as by %s', async (module, resolution) => {
    for (const peer of PEERS) {
      const target = join(folder, 'node_modules', peer);
      await mkdir(join(target, '..'), { recursive: true });
      await symlink(join(PACKAGE, 'node_modules', peer), target).catch(() => undefined);
    }
    expect(await typeFaults('adapted.ts', ADAPTED, module, resolution)).toBe('');
  });

  it('has a core of less than 4 KB, minified and gzipped', async () => {
    const { outputFiles } = await build({
      stdin: { contents: "export * from '@gatehouse/client';", resolveDir: folder },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
    });
    const bytes = gzipSync(outputFiles[0]?.contents ?? new Uint8Array()).length;
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(CORE_BYTES_MAX);
  });
});
