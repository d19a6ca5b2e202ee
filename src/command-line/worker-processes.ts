import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import process from 'node:process';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/logger.js';
import { isFromWorker, type ToWorker } from './worker-messages.js';

/** The processes that serve, all on one port; each is a whole gateway. */
export interface WorkerProcesses {
  /** Ends them in order; what is in flight is answered first. */
  close(): Promise<void>;
  /** Where they serve, once each does. @throws {WorkerFailed} where one ends before. */
  started: Promise<{ url: string }>;
}

/** A process ended before it served; it has said itself why. */
export class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed';
  constructor() {
    super('A process ended while it started; why, it has said above.');
  }
}

const RESTART_AFTER_MS_MIN = 100;
const RESTART_AFTER_MS_MAX = 10_000;
/** A process that has served for so long did not die of its start. */
const SOUND_AFTER_MS = 60_000;

interface Place {
  worker: Worker;
  isReady: boolean;
  servesSinceMs: number | null;
  /** How often in a row it ended soon after it was started. */
  failures: number;
}

interface Needs {
  /** The settings of each process that differ from those of this one. */
  environments: readonly Record<string, string>[];
  clock: Clock;
  log: Logger;
}

/** Starts the processes, and one in the place of each that dies; later and later where it dies again and again. */
export function startWorkerProcesses({ environments, clock, log }: Needs): WorkerProcesses {
  const places = new Map<number, Place>();
  const timers = new Set<NodeJS.Timeout>();
  let isClosing = false;

  const tellAll = () => {
    const areReady = environments.every((_, index) => places.get(index)?.isReady === true);
    const message: ToWorker = { kind: 'others', areReady };
    for (const { worker } of places.values()) if (worker.isConnected()) worker.send(message);
  };
  const begin = (index: number, failures: number): Place => {
    const worker = cluster.fork(environments[index]);
    const place: Place = { worker, isReady: false, servesSinceMs: null, failures };
    places.set(index, place);
    worker.on('message', (message: unknown) => {
      if (!isFromWorker(message)) return;
      if (message.kind === 'serving') {
        place.servesSinceMs = clock.monotonicMs();
        log.info({ event: 'worker_serves', worker: index, workerPid: worker.process.pid }, 'a process serves');
      } else place.isReady = message.isReady;
      tellAll();
    });
    return place;
  };
  const replaceLater = (index: number, { servesSinceMs, failures: before }: Place) => {
    const isSound = servesSinceMs !== null && clock.monotonicMs() - servesSinceMs >= SOUND_AFTER_MS;
    const failures = isSound ? 0 : before + 1;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        supervise(index, begin(index, failures));
      },
      Math.min(RESTART_AFTER_MS_MIN * 2 ** Math.max(0, failures - 1), RESTART_AFTER_MS_MAX),
    );
    timers.add(timer);
  };
  const supervise = (index: number, place: Place) => {
    place.worker.once('exit', (exitCode, signal) => {
      place.isReady = false;
      if (isClosing) return;
      const workerPid = place.worker.process.pid;
      log.error(
        { event: 'worker_ended', worker: index, workerPid, exitCode, signal },
        'a process ended: starting another',
      );
      tellAll();
      replaceLater(index, place);
    });
  };
  const startOne = async (index: number): Promise<string> => {
    if (isClosing) throw new WorkerFailed();
    const place = begin(index, 0);
    const url = await servingUrl(place.worker);
    supervise(index, place);
    return url;
  };
  const startAll = async () => {
    // One first: a fault of the settings is told once.
    const url = await startOne(0);
    await Promise.all(environments.slice(1).map((_, index) => startOne(index + 1)));
    return { url };
  };
  return {
    started: startAll(),
    close: async () => {
      isClosing = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([...places.values()].map(({ worker }) => ended(worker)));
    },
  };
}

/** Where it serves. @throws {WorkerFailed} */
async function servingUrl(worker: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: unknown) => {
      if (isFromWorker(message) && message.kind === 'serving') resolve(message.url);
    });
    worker.once('exit', () => reject(new WorkerFailed()));
  });
}

async function ended(worker: Worker): Promise<void> {
  if (worker.isDead()) return;
  const exited = once(worker, 'exit');
  // By the signal, as an operator would: the process ends in order by itself.
  worker.process.kill('SIGTERM');
  await exited;
}

/** Threads for hashing, shared out: as even as can be, and as many as are given in all. */
export function sharesOf({ total, count }: { total: number; count: number }): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor(total / count) + (index < total % count ? 1 : 0));
}

/** Whether this process is one of several that serve. */
export function isWorkerProcess(): boolean {
  return cluster.isWorker && process.send !== undefined;
}
