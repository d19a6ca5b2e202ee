// Servers as processes of their own, and how to end them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const START_WITHIN_MS = 60_000;
const PROBE = new URL('./servers/probe.mjs', import.meta.url).href;

/** Starts a server; resolves once it says where it serves. `nodeOptions` come before the file. */
export async function startServer({ file, env, nodeOptions = [], isProbed = false }) {
  const probing = isProbed ? ['--expose-gc', '--import', PROBE] : [];
  const beganMs = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, ...probing, fileURLToPath(new URL(file, import.meta.url))], {
    // Its own settings alone, so that nothing of whoever runs this leaks in.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'inherit', ...(isProbed ? ['ipc'] : [])],
  });
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${file} did not start`)), START_WITHIN_MS);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /serves (\S+)/.exec(line)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
  });
  const ask = async (what) => {
    const answered = once(child, 'message');
    child.send({ ask: what });
    return (await answered)[0].answer;
  };
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  return { url, startMs: performance.now() - beganMs, pid: child.pid, ask, stop };
}
