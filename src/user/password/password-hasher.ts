import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { systemClock } from '../../platform/clock.js';
import type { Logger } from '../../platform/logger.js';
import { type Metrics, noMetrics } from '../../platform/metrics/metrics.js';
import type { Random } from '../../platform/random.js';
import { ServiceUnavailable } from '../../platform/service-unavailable.js';
import { traced } from '../../platform/tracing.js';
import { DUMMY_HASH_BYTES, dummyPasswordHash, parsePasswordHash, SALT_BYTES } from './bcrypt-sha256.js';
import { goingFirst, HashQueue } from './hash-queue.js';
import type { HashAnswer, HashTask, VerifyAnswer, VerifyTask } from './password-hasher.worker.js';

/** Hashes passwords off the event loop. Takes them as `normalizePassword` gives them. */
export interface PasswordHasher {
  /** @throws {ServiceUnavailable} where the queue is full or the hasher closed. */
  hash(normalized: string): Promise<string>;
  /**
   * Whether the password belongs to the hash. Without a hash (null), or with one that can't be compared, it costs one
   * hashing all the same and is false; a hash that costs less is made up for. What `goesFirst` is served before all that
   * does not, and has places of its own in the queue.
   *
   * @throws {ServiceUnavailable} where the queue is full or the hasher closed.
   */
  verify(attempt: { normalized: string; passwordHash: string | null; goesFirst?: boolean }): Promise<boolean>;
  /** Whether a hash is of the kind and the cost that `hash` makes. */
  isOurs(passwordHash: string): boolean;
  /** How often bcrypt ran to answer so far. */
  hashings(): number;
  /** Hashings that wait for a thread now. */
  waiting(): number;
  /** Ends the workers at once; what still waits or runs is refused. Close after the last request was answered. */
  close(): Promise<void>;
}

export interface PasswordHasherOptions {
  /** Threads. */
  workers: number;
  /** Hashings that may wait for a thread; as many again of those that go first. */
  queueMax: number;
  /** bcrypt's work factor, 4 to 16. */
  cost: number;
  random: Random;
  log?: Pick<Logger, 'error'>;
  metrics?: Pick<Metrics, 'hashed'>;
}

const WORKER_FILE = fileURLToPath(new URL('./password-hasher.worker.js', import.meta.url));
const RETRY_AFTER_SECONDS_MIN = 1;
const RETRY_AFTER_SECONDS_MAX = 30;

/** Starts the threads that hash passwords; idle, they don't keep the process alive. */
export function createPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const { workers, queueMax, cost, random, log, metrics = noMetrics } = options;
  const queue = new HashQueue();
  const pool = new Piscina({
    filename: WORKER_FILE,
    name: 'verify',
    minThreads: workers,
    maxThreads: workers,
    // Who may wait is decided below.
    taskQueue: queue,
    maxQueue: 2 * queueMax,
    idleTimeout: Number.POSITIVE_INFINITY,
    // Without this, whoever is next goes back to the end of the queue when all workers are busy.
    stricterFIFO: true,
  });
  // An emitter without a listener would throw: a worker that dies idle is replaced, and must not end the process.
  pool.on('error', (error: Error) => log?.error({ reason: error.message }, 'a password worker failed'));

  const dummyHash = dummyPasswordHash({ cost, bytes: random.bytes(DUMMY_HASH_BYTES) });
  let hashings = 0;
  let closing: Promise<void> | null = null;

  async function run<Answer extends { hashings: number; ranMs: number }>(
    name: string,
    task: HashTask | VerifyTask,
    goesFirst = false,
  ): Promise<Answer> {
    if (closing !== null) throw closed();
    if (queue.waiting({ goesFirst }) >= queueMax) {
      const hashMs = pool.histogram.runTime.p50;
      throw new ServiceUnavailable('HASH_QUEUE_FULL', retryAfterSeconds({ waiting: queue.size, hashMs, workers }));
    }
    try {
      const beganMs = systemClock.monotonicMs();
      const answer: Answer = await traced(
        'hashing',
        () => ({}),
        () => pool.run(goesFirst ? goingFirst(task) : task, { name }),
      );
      metrics.hashed(Math.max(0, systemClock.monotonicMs() - beganMs - answer.ranMs) / 1000);
      hashings += answer.hashings;
      return answer;
    } catch (error) {
      throw closing === null ? error : closed();
    }
  }

  return {
    async hash(normalized) {
      const task: HashTask = { password: normalized, cost, salt: random.bytes(SALT_BYTES) };
      const { passwordHash } = await run<HashAnswer>('hash', task);
      return passwordHash;
    },
    async verify({ normalized, passwordHash, goesFirst = false }) {
      const task: VerifyTask = { password: normalized, passwordHash, dummyHash, cost };
      const { isMatch } = await run<VerifyAnswer>('verify', task, goesFirst);
      return isMatch;
    },
    isOurs: (passwordHash) => {
      const parsed = parsePasswordHash(passwordHash);
      return parsed.kind === 'bcrypt-sha256' && parsed.cost === cost;
    },
    hashings: () => hashings,
    waiting: () => queue.size,
    close() {
      closing ??= pool.destroy();
      return closing;
    },
  };
}

function closed(): ServiceUnavailable {
  return new ServiceUnavailable('SHUTTING_DOWN', RETRY_AFTER_SECONDS_MIN);
}

/** How long until those who wait now have been served. */
function retryAfterSeconds(load: { waiting: number; hashMs: number; workers: number }): number {
  const seconds = Math.ceil((load.waiting * load.hashMs) / load.workers / 1000);
  return Math.min(Math.max(seconds, RETRY_AFTER_SECONDS_MIN), RETRY_AFTER_SECONDS_MAX);
}
