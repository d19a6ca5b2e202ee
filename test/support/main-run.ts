import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { discardEmbeddedPostgres } from '../../src/platform/embedded-postgres/start-embedded-postgres.js';
import { createLogger } from '../../src/platform/logger.js';
import { bareEnvironment } from './gateway-process.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

/** How a run of `main.js` ended. */
export interface MainRun {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A run of `main.js` that has begun. */
export interface RunningMain {
  child: ChildProcess;
  /** Resolves when its output matches; rejects when it ends before. */
  said(pattern: RegExp): Promise<void>;
  ended: Promise<MainRun>;
}

/** Where it runs, and what stands in its standard input. */
export interface MainOptions {
  cwd?: string;
  input?: string;
}

/** Runs `main.js` with these arguments and settings. */
export function beginMain(
  args: string[],
  environment: Record<string, string>,
  { cwd, input }: MainOptions = {},
): RunningMain {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...bareEnvironment(), PORT: '0', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  // It may end without having read.
  child.stdin.on('error', () => undefined).end(input ?? '');
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      output[name] += chunk.toString();
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }) as MainRun);
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => pattern.test(output.stdout + output.stderr) && resolve();
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      look();
      void ended.then(({ stdout, stderr }) => reject(new Error(`it ended before:\n${stdout}${stderr}`)));
    });
  return { child, said, ended };
}

/** Runs `main.js` to its end. */
export function runMain(args: string[], environment: Record<string, string>, options?: MainOptions): Promise<MainRun> {
  return beginMain(args, environment, options).ended;
}

/** An empty folder for a test file, with data folders in it. */
export interface TestFolder {
  path: string;
  /** A data folder of this name, not made yet. */
  dataDir(name: string): string;
  /** Ends what still runs on the data folders, and removes everything. */
  remove(): Promise<void>;
}

/** Makes a folder in the temporary one. */
export async function makeTestFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-main-'));
  const dataDirs: string[] = [];
  return {
    path,
    dataDir: (name) => {
      const dataDir = join(path, name);
      if (!dataDirs.includes(dataDir)) dataDirs.push(dataDir);
      return dataDir;
    },
    remove: async () => {
      for (const dataDir of dataDirs) await discardEmbeddedPostgres({ dataDir, log: createLogger('silent') });
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** Whether a process of this number runs; one that has ended, and that nobody has asked after, does not. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return process.platform !== 'linux' || !/\) Z /.test(statOf(pid));
}

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return `${pid} (gone) Z `;
  }
}
