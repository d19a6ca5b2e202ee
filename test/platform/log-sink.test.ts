import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogSink } from '../../src/platform/log-sink.js';
import { createLogger } from '../../src/platform/logger.js';
import { bareEnvironment } from '../support/gateway-process.js';
import { createDatabaseOfOwn, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabaseOfOwn();
});
afterAll(() => database.drop());

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
/** Together they hold far more than a pipe or a socket does. */
const REQUESTS = 2_000;
const LONG_PATH = `/nowhere${'/some-part-of-a-path'.repeat(10)}`;

async function startUnread() {
  const environment = { PORT: '0', DATABASE_URL: database.url, HASH_WORKERS: '1', GATEHOUSE_DATA_DIR: tmpdir() };
  const child = spawn(process.execPath, [MAIN], {
    env: { ...bareEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  while (!/serves (http:\/\/\S+)\/graphql/.test(output)) {
    const [chunk] = await once(child.stdout, 'data');
    output += String(chunk);
  }
  child.stdout.pause();
  const url = /serves (http:\/\/\S+)\/graphql/.exec(output)?.[1] ?? '';
  return { child, url };
}

async function sendMany(url: string): Promise<number> {
  let answered = 0;
  for (let round = 0; round < REQUESTS / 20; round += 1) {
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const answer = await fetch(`${url}${LONG_PATH}`);
        await answer.arrayBuffer();
        return answer.status;
      }),
    );
    answered += statuses.filter((status) => status === 404).length;
  }
  return answered;
}

describe('L5: a gateway whose log', () => {
  it('nobody reads goes on, and ends in order when told to', async () => {
    const { child, url } = await startUnread();
    expect(await sendMany(url)).toBe(REQUESTS);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('goes to a reader that went away goes on, and ends in order when told to', async () => {
    const { child, url } = await startUnread();
    child.stdout.destroy();
    expect(await sendMany(url)).toBe(REQUESTS);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});

describe('the log sink', () => {
  it('L5: drops what exceeds its bound, and says how many lines once they get through again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-log-'));
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR);
    const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const sink = createLogSink({ fd, bytesMax: 100_000 });
    const log = createLogger('info', sink);
    const lines = 2_000;
    for (let line = 0; line < lines; line += 1) log.info({ event: 'line', line, filling: 'x'.repeat(200) });
    expect(sink.dropped()).toBeGreaterThan(500);
    // A fatal line is not waited for either.
    log.fatal({ event: 'last' });

    const buffer = Buffer.alloc(65_536);
    let text = '';
    const read = () => {
      try {
        for (;;) text += buffer.subarray(0, readSync(reading, buffer)).toString();
      } catch {
        // Nothing to read just now.
      }
    };
    await waitUntil('it says what was dropped', async () => {
      read();
      return text.includes('log_lines_dropped');
    });
    const written = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; count?: number });
    const [told] = written.filter(({ event }) => event === 'log_lines_dropped');
    const kept = written.filter(({ event }) => event === 'line').length;
    expect(kept).toBeGreaterThan(100);
    expect(kept + (told?.count ?? 0) + written.filter(({ event }) => event === 'last').length).toBe(lines + 1);
    await sink.end(1_000);
    log.info({ event: 'too_late' });
    closeSync(reading);
    rmSync(folder, { recursive: true });
  });
});
