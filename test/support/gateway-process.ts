import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { generousLimits } from './generous-limits.js';
import { createGraphqlClient, type GraphqlClient } from './graphql-client.js';

/** A gateway in a process of its own, started as an operator starts it. */
export interface GatewayProcess extends GraphqlClient {
  url: string;
  child: ChildProcess;
  /** What it printed so far. */
  output: string[];
  /** Ends it by SIGTERM, or `signal`; answers its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const STARTED = /serves (http:\/\/\S+)\/graphql/;
const START_WITHIN_MS = 30_000;

/** The environment of a process but for the settings of whoever runs the tests. */
export function bareEnvironment(): Record<string, string> {
  const { PATH, HOME, TMPDIR } = process.env;
  return Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR }).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
}

/** Starts `main.js` with these settings and waits until it serves; throws with its output where it ends before. */
export async function startGatewayProcess(
  environment: Record<string, string>,
  { cwd }: { cwd?: string } = {},
): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...bareEnvironment(), PORT: '0', ...generousLimits, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const output: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => output.push(line));
  const url = await new Promise<string>((resolve, reject) => {
    const fail = () => reject(new Error(`the gateway did not start:\n${output.join('\n')}`));
    const timer = setTimeout(fail, START_WITHIN_MS);
    child.once('close', fail);
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.push(line);
      const match = STARTED.exec(line);
      if (match?.[1] === undefined) return;
      clearTimeout(timer);
      child.off('close', fail);
      resolve(match[1]);
    });
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
    return child.exitCode;
  };
  return { ...createGraphqlClient(url), url, child, output, stop };
}
