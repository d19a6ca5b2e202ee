import process from 'node:process';

/** What runs, to be ended in the opposite order of its beginning. */
export function createRunning() {
  const stops = [];
  let ending = null;
  const endAll = async () => {
    // One that can't be ended must not keep the others running.
    for (const stop of stops.splice(0).reverse()) await stop().catch((error) => process.stderr.write(`${error}\n`));
  };
  return {
    /**
     * Waits for something to begin, and takes over how it is ended; what begins after the end is ended at once.
     *
     * @template {{ stop(): Promise<unknown> }} Started
     * @param {Promise<Started>} beginning
     * @returns {Promise<Started>}
     */
    begin: async (beginning) => {
      const started = await beginning;
      if (ending !== null) {
        await started.stop();
        throw new Error('ended while it started');
      }
      stops.push(() => started.stop());
      return started;
    },
    isEnding: () => ending !== null,
    end: () => {
      ending ??= endAll();
      return ending;
    },
  };
}

/**
 * Ends a process in order, and by force where it does not end; resolves once it is gone.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
export async function endProcess(child, limitMs = 30_000) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const overdue = setTimeout(() => child.kill('SIGKILL'), limitMs);
  await gone;
  clearTimeout(overdue);
}
