import { execFile } from 'node:child_process';
import { inspect, promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/platform/clock.js';
import { systemRandom } from '../../../src/platform/random.js';
import { ServiceUnavailable } from '../../../src/platform/service-unavailable.js';
import { createPasswordHasher, type PasswordHasher } from '../../../src/user/password/password-hasher.js';

const CANARY = 'canary-password-of-this-test';
const open: PasswordHasher[] = [];

function start({ workers = 1, queueMax = 40, cost = 4 } = {}): PasswordHasher {
  const hasher = createPasswordHasher({ workers, queueMax, cost, random: systemRandom(systemClock) });
  open.push(hasher);
  return hasher;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((hasher) => hasher.close()));
});

async function refusalsOf(attempts: Promise<unknown>[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(attempts);
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
}

describe('the password hasher', () => {
  it('W2: verifies what it hashed, and nothing else', async () => {
    const hasher = start();
    const passwordHash = await hasher.hash(CANARY);
    expect(passwordHash).toMatch(/^\$bcrypt-sha256\$v=2,t=2b,r=4\$/);
    await expect(hasher.verify({ normalized: CANARY, passwordHash })).resolves.toBe(true);
    await expect(hasher.verify({ normalized: `${CANARY} `, passwordHash })).resolves.toBe(false);
  });

  it('hashes at the cost it is given, each time with a salt of its own', async () => {
    const hasher = start({ cost: 5 });
    const [one, other] = await Promise.all([hasher.hash(CANARY), hasher.hash(CANARY)]);
    expect(one).toMatch(/^\$bcrypt-sha256\$v=2,t=2b,r=5\$/);
    expect(one).not.toBe(other);
  });

  it('W3: lets no password in that agrees in the first 72 bytes only', async () => {
    const hasher = start();
    const passwordHash = await hasher.hash(`${'a'.repeat(72)}X`);
    await expect(hasher.verify({ normalized: `${'a'.repeat(72)}Y`, passwordHash })).resolves.toBe(false);
  });

  it('E1, E2: hashes once and only once for accounts known, unknown, without a password, corrupt or not comparable', async () => {
    const hasher = start();
    const passwordHash = await hasher.hash(CANARY);
    const plain = '$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
    for (const [normalized, stored] of [
      [CANARY, passwordHash],
      ['wrong', passwordHash],
      ['', passwordHash],
      [CANARY, null],
      [CANARY, ''],
      [CANARY, 'corrupt'],
      [CANARY, passwordHash.slice(1)],
      [CANARY, '$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
      ['wrong', plain],
      ['a'.repeat(73), plain],
      ['a\0b', plain],
    ] as const) {
      const before = hasher.hashings();
      const isMatch = await hasher.verify({ normalized, passwordHash: stored });
      expect({ normalized, stored, isMatch, hashings: hasher.hashings() - before }).toEqual({
        normalized,
        stored,
        isMatch: normalized === CANARY && stored === passwordHash,
        hashings: 1,
      });
    }
  });

  it('counts a hashing for each new password', async () => {
    const hasher = start();
    expect(hasher.hashings()).toBe(0);
    await Promise.all([hasher.hash('one'), hasher.hash('two')]);
    expect(hasher.hashings()).toBe(2);
  });

  it('W10: answers all who fit into the queue, and the rest with a clean busy error at once', async () => {
    const hasher = start({ workers: 1, queueMax: 3 });
    const attempts = Array.from({ length: 10 }, () => hasher.verify({ normalized: CANARY, passwordHash: null }));
    const refusals = await refusalsOf(attempts);
    // One is being hashed, three wait.
    expect(refusals).toHaveLength(6);
    expect(hasher.hashings()).toBe(4);
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(ServiceUnavailable);
      const { cause, retryAfterSeconds } = refusal as ServiceUnavailable;
      expect({ cause, retryAfterSeconds }).toEqual({ cause: 'HASH_QUEUE_FULL', retryAfterSeconds: 1 });
      expect(inspect(refusal)).not.toContain(CANARY);
    }
    await expect(hasher.hash(CANARY)).resolves.toMatch(/^\$bcrypt-sha256/);
  });

  it('W10: serves those who wait in the order they came', async () => {
    const hasher = start({ workers: 1 });
    const served: number[] = [];
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        await hasher.hash(CANARY);
        served.push(index);
      }),
    );
    expect(served).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('B6: serves what goes first before all that waits, and keeps places for it in a full queue', async () => {
    const hasher = start({ workers: 1, queueMax: 3 });
    const served: string[] = [];
    const verify = async (name: string, goesFirst: boolean) => {
      await hasher.verify({ normalized: CANARY, passwordHash: null, goesFirst });
      served.push(name);
    };
    const strangers = ['s0', 's1', 's2', 's3', 's4'].map((name) => verify(name, false));
    const known = ['k0', 'k1', 'k2', 'k3'].map((name) => verify(name, true));
    expect(await refusalsOf([...strangers, ...known])).toHaveLength(2);
    expect(served).toEqual(['s0', 'k0', 'k1', 'k2', 's1', 's2', 's3']);
  });

  it('W10: leaves the event loop free', async () => {
    const hasher = start({ cost: 11 });
    let turns = 0;
    let isDone = false;
    const hashing = hasher.hash(CANARY).then(() => {
      isDone = true;
    });
    while (!isDone) {
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await hashing;
    expect(turns).toBeGreaterThan(2);
  });

  it('W10: asks to come back later where much waits, but after 30 seconds at most', async () => {
    const hasher = start({ workers: 1, queueMax: 2000, cost: 13 });
    await hasher.hash(CANARY);
    const waiting = refusalsOf(Array.from({ length: 2002 }, () => hasher.hash(CANARY)));
    await hasher.close();
    const full = (await waiting).filter((reason) => (reason as ServiceUnavailable).cause === 'HASH_QUEUE_FULL');
    // 2000 hashings of half a second: no machine does them in 30 s.
    expect(full.map((reason) => (reason as ServiceUnavailable).retryAfterSeconds)).toEqual([30]);
  });

  it('refuses what waits and what comes once it is closed, without a word of the password', async () => {
    const hasher = start({ cost: 10 });
    const refusals = refusalsOf([
      hasher.hash(CANARY),
      hasher.hash(CANARY),
      hasher.verify({ normalized: CANARY, passwordHash: null }),
    ]);
    await Promise.all([hasher.close(), hasher.close()]);
    const late = await refusalsOf([hasher.hash(CANARY)]);
    for (const refusal of [...(await refusals), ...late]) {
      expect(refusal).toBeInstanceOf(ServiceUnavailable);
      expect((refusal as ServiceUnavailable).cause).toBe('SHUTTING_DOWN');
      expect(inspect(refusal, { depth: null, showHidden: true })).not.toContain(CANARY);
    }
    expect([...(await refusals), ...late]).toHaveLength(4);
  });

  it('lets the process end, closed or only idle', async () => {
    const folder = new URL('../../../src/', import.meta.url).href;
    const program = (end: string) => `
      const { createPasswordHasher } = await import('${folder}user/password/password-hasher.js');
      const { systemRandom } = await import('${folder}platform/random.js');
      const { systemClock } = await import('${folder}platform/clock.js');
      const hasher = createPasswordHasher({ workers: 2, queueMax: 9, cost: 4, random: systemRandom(systemClock) });
      process.stdout.write((await hasher.hash('one')).slice(0, 15));
      ${end}`;
    for (const end of ['await hasher.close();', '']) {
      const child = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program(end)], {
        timeout: 20_000,
      });
      expect({ end, ...child }).toEqual({ end, stdout: '$bcrypt-sha256$', stderr: '' });
    }
  }, 60_000);
});
