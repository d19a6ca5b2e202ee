import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

const README_ADDRESS = 'http://127.0.0.1:4000';

const walk = /## From clone to `me`\n([\s\S]*?)\n### /.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
const blocksOf = (language: string) =>
  [...walk.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);

const [missing] = ['sh', 'curl'].filter((tool) => spawnSync(tool, ['-c', 'exit'], { stdio: 'ignore' }).error);

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

/** What is another one at each run: tokens, ids, numbers, the version of curl. */
function shapeOf(lines: string): unknown[] {
  const blank = (key: string, value: unknown) => {
    if (typeof value === 'number') return 0;
    return ['accessToken', 'refreshToken', 'id', 'userAgent'].includes(key) && typeof value === 'string' ? '…' : value;
  };
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line, blank));
}

/** Runs a script as somebody does who pastes it. */
async function runInShell(script: string): Promise<{ stdout: string; stderr: string }> {
  const shell = spawn('sh', ['-eu'], { stdio: ['pipe', 'pipe', 'pipe'] });
  shell.stdin.end(script);
  const [stdout, stderr] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')]);
  return { stdout, stderr };
}

const run = missing === undefined ? it : it.skip;
run(
  `the README's walk can be pasted, and answers what stands there${missing ? ` (needs ${missing})` : ''}`,
  async () => {
    const script = blocksOf('sh').join('');
    expect(script).toContain(README_ADDRESS);
    const { stdout, stderr } = await runInShell(script.replaceAll(README_ADDRESS, gate.url));
    expect(stderr).toBe('');
    const expected = shapeOf(blocksOf('json').join(''));
    expect(expected).toHaveLength(5);
    expect(shapeOf(stdout)).toEqual(expected);
  },
);
