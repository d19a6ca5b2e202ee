import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endProcess } from './running.mjs';

const BEGIN_WITHIN_MS = 60_000;

/**
 * Starts a Hive Gateway on loopback over a supergraph.
 *
 * @param {{ supergraphSdl: string, folder: string, port: number, signal?: AbortSignal }} settings `folder` keeps the
 * supergraph; `signal` ends the wait, and the router.
 */
export async function startRouter({ supergraphSdl, folder, port, signal }) {
  const supergraph = join(folder, 'supergraph.graphql');
  await writeFile(supergraph, supergraphSdl);
  const here = fileURLToPath(new URL('.', import.meta.url));
  const bin = fileURLToPath(new URL('../node_modules/@graphql-hive/gateway/dist/bin.js', import.meta.url));
  const args = ['supergraph', supergraph, '--config-path', join(here, 'gateway.config.mjs')];
  const router = spawn(process.execPath, [bin, ...args, '--host', '127.0.0.1', '--port', String(port), '--fork', '1'], {
    cwd: here,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [router.stdout, router.stderr]) stream.on('data', (text) => (said += text));
  const ended = new Promise((resolve) => router.once('exit', resolve));
  router.once('error', (error) => (said += error.message));
  const url = `http://127.0.0.1:${port}/graphql`;
  const stop = () => endProcess(router);
  const until = Date.now() + BEGIN_WITHIN_MS;
  while (!(await answers(url))) {
    const isGone = router.exitCode !== null || router.signalCode !== null || router.pid === undefined;
    if (isGone || signal?.aborted || Date.now() > until) {
      await stop();
      throw new Error(`the router did not begin:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { url, stop, ended, said: () => said };
}

async function answers(url) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    });
    return response.ok;
  } catch {
    return false;
  }
}
