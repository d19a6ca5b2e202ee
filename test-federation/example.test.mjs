import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabaseOfOwn } from '../dist/test/support/test-database.js';

const START = fileURLToPath(new URL('../examples/federated/src/start.mjs', import.meta.url));

let folder;
let database;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-example-'));
  database = await createDatabaseOfOwn();
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** The first of three ports, each of which is free. */
async function freePorts() {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    if (!(await serving(first)).some(Boolean)) return first;
  }
}

const serving = (first) => Promise.all([0, 1, 2].map((offset) => isServed(first + offset)));

async function isServed(port) {
  const socket = connect({ port, host: '127.0.0.1' });
  const isTaken = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isTaken;
}

function begin(port) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [START], {
    cwd: folder,
    env: { PATH, HOME, PORT: String(port), DATABASE_URL: database.url, GATEHOUSE_DATA_DIR: folder, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  return { child, closed: once(child, 'close'), said: () => said };
}

async function gatewayPid({ pid }) {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  for (const each of children.trim().split(' ')) {
    if ((await readFile(`/proc/${each}/cmdline`, 'utf8')).includes('dist/src/main.js')) return Number(each);
  }
  throw new Error('no gateway');
}

async function until(isSo) {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('the example of a federated graph', () => {
  it('ends all that it started, on a signal that comes twice', async () => {
    const port = await freePorts();
    const { child, closed, said } = begin(port);
    await until(() => said().includes('The router serves'));
    expect(await serving(port)).toEqual([true, true, true]);
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    expect([await closed, await serving(port)]).toEqual([
      [0, null],
      [false, false, false],
    ]);
  });

  it('ends all that it started, on a signal before the router serves', async () => {
    const port = await freePorts();
    const { child, closed } = begin(port);
    await until(() => isServed(port + 2));
    child.kill('SIGTERM');
    expect([await closed, await serving(port)]).toEqual([
      [0, null],
      [false, false, false],
    ]);
  });

  it("ends all that it started, where the router's port is taken, and says so by its exit code", async () => {
    const port = await freePorts();
    const taken = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
    const { closed } = begin(port);
    expect((await closed)[0]).toBe(1);
    taken.close();
    await once(taken, 'close');
    expect(await serving(port)).toEqual([false, false, false]);
  });

  it('ends all that it started, where one of them ends by itself', async () => {
    const port = await freePorts();
    const { child, closed, said } = begin(port);
    await until(() => said().includes('The router serves'));
    process.kill(await gatewayPid(child), 'SIGKILL');
    expect((await closed)[0]).toBe(1);
    expect(await serving(port)).toEqual([false, false, false]);
  });
});
